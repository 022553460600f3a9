// Says what of a raw request reached it, so that a test can tell that nothing else did.

let strays = 0;
/** Of them, those that no proxy has seen as a request. */
let naked = 0;

export default {
  async fetch(request: Request) {
    const path = new URL(request.url).pathname.split("/").slice(2).join("/");
    if (path === "stray") {
      strays++;
      if (!request.headers.has("x-forwarded-host")) naked++;
    }
    if (path === "naked") return new Response(String(naked));
    if (path === "strays") return new Response(String(strays));
    // Deno 2.4 has none: so a test tells one from the other.
    if (path === "temporal") return new Response(typeof Reflect.get(globalThis, "Temporal"));
    if (path === "endless") {
      const piece = new Uint8Array(64 * 1024);
      return new Response(new ReadableStream({ pull: (to) => to.enqueue(piece.slice()) }));
    }
    if (path === "big") return new Response(new Uint8Array(24 * 1024 * 1024));
    if (path === "never") await new Promise(() => {});
    return new Response(`${request.method} /${path} ${await request.text()}`);
  },
};
