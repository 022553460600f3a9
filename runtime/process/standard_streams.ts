/**
 * Every worker has the node's standard streams, as its resources 0, 1 and 2. Deno's web layer reads a resource for a
 * stream that says it is one, and a script can make a stream say so: it would read what is typed into the node's terminal.
 */

/** What Deno's runtime offers its own web layer; it is there in 2.4 and 2.9. */
interface Core {
  tryClose(resource: number): void;
}

/** Closes them for this worker; a process prints through the kernel. */
export function closeStreams(): void {
  const { core } = (Deno as unknown as Record<symbol, { core: Core }>)[
    (Deno as unknown as { internal: symbol }).internal
  ]!;
  for (const resource of [0, 1, 2]) core.tryClose(resource);
}
