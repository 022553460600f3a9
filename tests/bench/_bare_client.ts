// What calling out costs without kinode: Deno's own fetch in the loop of tests/programs/bench_client.ts.
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, async (request) => {
  const query = new URL(request.url).searchParams;
  const url = query.get("to")!;
  let left = Number(query.get("count"));
  const begun = performance.now();
  const one = async () => {
    while (left-- > 0) await (await fetch(url)).text();
  };
  await Promise.all(Array.from({ length: Number(query.get("parallel")) }, one));
  return new Response(String(performance.now() - begun));
});
