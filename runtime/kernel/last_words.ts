/** What is said when a process ends: the report on the terminal, and the requests of its on-exit. */
import type { Log } from "../log.ts";
import { addressOf, nodeOf } from "../protocol/address.ts";
import { request } from "../protocol/message.ts";
import type { Kernel } from "./kernel.ts";
import type { Program } from "./program.ts";
import type { End, Run } from "./run.ts";

/** One report per end: the reason with its lines, what it was doing, what happens next. */
export function reportEnd(
  { log, kernel }: { log: Log; kernel: Kernel },
  { program, run }: { program: Program; run: Run },
  { error }: End,
  next: string,
): void {
  const address = addressOf(kernel.node, program.id);
  const doing = `last message: ${run.endpoint.lastMessage()}`;
  if (error === null) {
    log.info(`process ${address} returned without error`);
    return log.info(`${next}; ${doing}`);
  }
  log.warn(`process ${address} ended with error:\n${program.mapStack(error)}`);
  log.warn(`${next}; ${doing}`);
}

/** Sends what the on-exit wants sent, in the dead process's name and with its rights; nobody gets a response. */
export function sendLastRequests(kernel: Kernel, { id, onExit }: Program): void {
  if (typeof onExit === "string") return;
  for (const [to, last, blob] of onExit.Requests) {
    const target = nodeOf(to) === "our" ? to.replace("our@", `${kernel.node}@`) : to;
    kernel.route({
      ...request(addressOf(kernel.node, id), target as typeof to, last.body, {
        metadata: last.metadata,
        lazy_load_blob: blob,
      }),
      capabilities: last.capabilities ?? [],
    });
  }
}
