/**
 * The smallest web-style process. Drop it into the processes folder, then:
 *
 *   curl http://localhost:8080/hello:hello:template.os/
 */
export default {
  fetch(request: Request): Response {
    const name = new URL(request.url).searchParams.get("name") ?? "world";
    return new Response(`hello, ${name}\n`);
  },
};
