// What HTTP costs without kinode: Deno.serve with the same answer as examples/hello.ts.
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, (request) => new Response(`hello from ${new URL(request.url).pathname}\n`));
