// One of everything that the runtime and the library make on behalf of a script.
import { getState, Request as Message, setState } from "@kinode/process";
import { type Any, own } from "./walk.ts";

const { apply } = Reflect;
type Add = (name: string, value: unknown) => void;

/** One of everything that the platform makes on behalf of a script. */
export async function makings(): Promise<[string, unknown][]> {
  const made: [string, unknown][] = [];
  const add: Add = (name, value) => void made.push([name, value]);
  add("timer", setTimeout(() => {}, 0));
  const interval = setInterval(() => {}, 1000);
  add("interval", interval);
  clearInterval(interval);
  add(
    "arguments",
    (function () {
      return arguments;
    })(),
  );
  add("generator", (function* () {})());
  add("async generator", (async function* () {})());
  add("iterators", [
    [][Symbol.iterator](),
    new Map().entries(),
    "a"[Symbol.iterator](),
    "a".matchAll(/a/g),
  ]);
  add("match", /(?<a>a)/.exec("a"));
  const { port1, port2 } = new MessageChannel();
  own.add(port1).add(port2);
  const event = new Promise((resolve) => port1.onmessage = resolve);
  port2.postMessage({ a: 1 });
  add("message event", await event);
  port1.close();
  add("channel", [port1, port2]);
  addStreams(add);
  add(
    "crypto key",
    await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
  );
  add("request", new Request("http://a/", { method: "POST", body: "x" }));
  add("response", new Response("x", { headers: { a: "b" } }));
  add("response of data:", await fetch("data:,x"));
  const form = new FormData();
  form.set("a", new File(["x"], "x"));
  add("form", form);
  add("form read", await new Response(form).formData());
  add("blob", new Blob(["x"]).stream());
  add("signal", [new AbortController(), AbortSignal.timeout(1), AbortSignal.any([])]);
  add("url", [new URL("http://a/?b"), new URLSearchParams("a"), new URLPattern("http://a/:b")]);
  add("mark", performance.mark("x"));
  add(
    "wasm",
    new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
  );
  add("memory", new WebAssembly.Memory({ initial: 1 }));
  for (
    const wrong of [
      () => atob("%"),
      () => new URL("x"),
      () => structuredClone(() => {}),
      () => (undefined as unknown as Any).x,
    ]
  ) {
    try {
      (wrong as () => unknown)();
    } catch (error) {
      add("error", error);
    }
  }
  await callSites(add);
  return made;
}

function addStreams(add: Add): void {
  const stream = new ReadableStream({
    start: (controller) => add("stream controller", controller),
    type: "bytes",
  });
  add("reader", stream.getReader());
  add("transform", new TransformStream());
  add("compression", new CompressionStream("gzip"));
}

/** What `Error.prepareStackTrace` is shown, of frames of the script and of the runtime. */
async function callSites(add: Add): Promise<void> {
  const prepared: unknown[] = [];
  const prepare = Error.prepareStackTrace;
  Error.prepareStackTrace = (
    error,
    sites,
  ) => (prepared.push(error, ...sites), `${error} ${sites.join(" < ")}`);
  void new Error("x").stack;
  await new Promise<void>((resolve) => setTimeout(() => (void new Error("x").stack, resolve()), 0));
  await fetch("http://nowhere.invalid/").catch((error) => add("fetch error", error));
  Error.prepareStackTrace = prepare;
  for (const site of prepared) {
    add("call site", site);
    for (const get of ["getThis", "getFunction", "getEvalOrigin"]) {
      const method = (site as Any)[get];
      if (typeof method === "function") add(`call site ${get}`, apply(method, site, []));
    }
  }
}

/** What else the runtime and the library do for a script. */
export async function work(): Promise<void> {
  await fetch("http://127.0.0.1:1/").catch(() => {});
  await setState("state");
  await getState();
  await Message.to("our@nobody:nobody:template.os").body("x").sendAndAwaitResponse(1).catch(
    () => {},
  );
  await new Promise((resolve) => new WebSocket("ws://127.0.0.1:1/").onerror = resolve);
  const zipped = new Blob(["text"]).stream().pipeThrough(new CompressionStream("gzip"));
  await new Response(zipped.pipeThrough(new DecompressionStream("gzip"))).text();
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(3));
  structuredClone({ digest, map: new Map([[1, new Date()]]) }, { transfer: [digest] });
  const reader = new FileReader();
  await new Promise((resolve) => {
    reader.onload = resolve;
    reader.readAsText(new Blob(["x"]));
  });
  const { signal } = new AbortController();
  await Promise.race([new Promise((_, reject) => signal.onabort = reject), null]);
  await new Promise((resolve) => AbortSignal.timeout(1).addEventListener("abort", resolve));
  for await (const text of new Blob(["x"]).stream().pipeThrough(new TextDecoderStream())) void text;
  await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  await Promise.allSettled([Promise.reject(new Error("x")), Promise.any([])]);
}
