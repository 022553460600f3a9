/** A web-style process whose handler throws, or answers, as the path says. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/throw")) throw new Error("boom in fetch");
    if (pathname.endsWith("/text")) return "text" as unknown as Response;
    if (pathname.endsWith("/cookies")) {
      const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
      return new Response("two cookies", { headers });
    }
    return Response.json({
      method: request.method,
      url: request.url,
      type: request.headers.get("content-type"),
      body: await request.text(),
    }, { status: 201 });
  },
};
