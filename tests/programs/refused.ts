/** Sends where nobody is and where it may not, and prints how and how soon it comes back. */
import { println, Request, SendError } from "@kinode/process";

export const config = { on_exit: "None" };

const PATIENCE_SECONDS = 60;

export async function init() {
  for (const target of ["nobody:nowhere:template.os", "silent:silent:template.os"]) {
    const sentAt = performance.now();
    const error: unknown = await Request.to(`our@${target}`)
      .body("{}")
      .sendAndAwaitResponse(PATIENCE_SECONDS)
      .catch((error: unknown) => error);
    if (!(error instanceof SendError)) throw new Error(`no SendError: ${error}`);
    const soon = performance.now() - sentAt < 1000 * PATIENCE_SECONDS / 2 ? "at once" : "late";
    println(`${error.kind} ${error.reason} ${soon}: ${error.message}`);
  }
}
