/** Ctrl-C: closes what is open and exits; what does not close in time is cut off. */
async function stop(): Promise<never> {
  setTimeout(() => Deno.exit(0), SHUTDOWN_SECONDS * 1000);
  await Promise.allSettled([loader.close(), system.close()]);
  return Deno.exit(0);
}

/** From source the workers' code is read from disk, in the binary from the binary: no permission at all. */
function makeNursery(): Worker {
  const code = new URL("./runtime/", import.meta.url);
  const permissions = Deno.build.standalone ? "none" : { read: [code] };
  const options = { type: "module", deno: { permissions } } as WorkerOptions;
  return new Worker(new URL("./runtime/process/nursery_worker.ts", import.meta.url), options);
}

async function orExit<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    return exit(1, `kinode: ${(error as Error).message}`);
  }
}

function exit(code: number, text: string): never {
  writeAll(code === 0 ? Deno.stdout : Deno.stderr, `${text}\n`);
  Deno.exit(code);
}
