/** From source the workers' code is read from disk, in the binary from the binary: no permission at all. */
export function startNursery(): Worker {
  const permissions = Deno.build.standalone ? "none" : { read: [new URL("../", import.meta.url)] };
  const options = { type: "module", deno: { permissions } } as WorkerOptions;
  return new Worker(new URL("./nursery_worker.ts", import.meta.url), options);
}
