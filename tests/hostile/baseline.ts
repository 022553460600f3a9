// Plain programs beside the node (programs/takes.ts), which take of the machine what a process of the node does: what
// others feel of those no sandbox can spare them.
import { assertEquals } from "@std/assert";

/** What one thread of it does: an endless loop, or writing to memory that it has not had before. */
export type Takes = "core" | "memory";

const program = new URL("../programs/takes.ts", import.meta.url).pathname;

/** One program for each, running until disposed of. */
export async function takeOutside(takes: readonly Takes[]): Promise<AsyncDisposable> {
  const children = takes.map((what) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", program, what],
      stdin: "null",
      stdout: "piped",
    }).spawn()
  );
  const end = async () => {
    for (const child of children) {
      try {
        child.kill("SIGKILL");
      } catch { /* It has ended by itself. */ }
      await child.stdout.cancel();
      await child.status;
    }
  };
  try {
    for (const child of children) await begins(child);
  } catch (error) {
    await end();
    throw error;
  }
  return { [Symbol.asyncDispose]: end };
}

async function begins(child: Deno.ChildProcess): Promise<void> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  assertEquals(new TextDecoder().decode(value), "begins\n");
}
