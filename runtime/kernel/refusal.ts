/** Why a request did not get through, in words that name the fix; and not the same words a thousand times. */
import { packageOf, processOf } from "../protocol/address.ts";
import type { KernelMessage, SendErrorReason } from "../protocol/message.ts";
import { MESSAGE_BYTES_MAX } from "../limits.ts";

/** One sentence for the person who wrote the sender. */
export function explain(message: KernelMessage, reason: SendErrorReason): string {
  const source = processOf(message.source);
  const target = processOf(message.target);
  switch (reason) {
    case "no-answer":
      return `${target} did not answer ${source} within ${message.expects_response} s`;
    case "no-such-process":
      return `${source} sent a message to ${message.target}, which does not exist: check the spelling, and that its script is loaded`;
    case "not-permitted":
      // A module asks for nothing: who wants to hear of it says so.
      return packageOf(source) === "distro:sys"
        ? `${source} may not message ${target}: add "${source}" to its grant_capabilities`
        : `${source} may not message ${target}: add "${target}" to the request_capabilities of ` +
          `${packageOf(source)} (in its manifest.json, or in its script: ` +
          `export const config = { request_capabilities: ["${target}"] }; ` +
          `with --strict, in its entry of grants.json)`;
    case "crashed":
      return `${target} ended before it answered ${source}`;
    case "queue-full":
      return `${target} does not take its messages: too many wait for it, or ${source} awaits too many answers`;
    case "too-large":
      return `a message between ${source} and ${target} is larger than ${MESSAGE_BYTES_MAX} bytes`;
    case "offline":
      return `${message.target} cannot be reached from this node`;
    case "no-network-capability":
      return `${source} may not message other nodes: set "request_networking": true in the manifest or the config of ${
        packageOf(source)
      }`;
  }
}

/** The request as it comes back to its sender. */
export function sendError(message: KernelMessage, reason: SendErrorReason): KernelMessage {
  const { source, target } = message;
  const kind = reason === "offline" ? "Offline" : "Timeout";
  return {
    ...message,
    kind: "SendError",
    source: target,
    target: source,
    error: { kind, reason, target, explanation: explain(message, reason) },
  };
}

const REPEAT_MS = 10_000;
const KEPT_MAX = 1_000;

/** Lets a line through once in ten seconds, with a count of how often it was held back meanwhile. */
export class Repeats {
  readonly #now: () => number;
  readonly #seen = new Map<string, { since: number; held: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The line to print, or `null` while it is held back. */
  next(line: string): string | null {
    const seen = this.#seen.get(line);
    const now = this.#now();
    if (seen !== undefined && now - seen.since < REPEAT_MS) {
      seen.held++;
      return null;
    }
    if (this.#seen.size >= KEPT_MAX) this.#seen.clear();
    this.#seen.set(line, { since: now, held: 0 });
    return seen !== undefined && seen.held > 0 ? `${line} (and ${seen.held} times more)` : line;
  }
}
