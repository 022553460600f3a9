/** The plain functions of a process: who it is, what came in, what it prints. */
import { Address } from "./address.ts";
import { current } from "./current.ts";
import type { Blob, Message } from "./message.ts";
import { bytesOf } from "../protocol/message.ts";

/** This process's own address. */
export function our(): Address {
  return Address.parse(current().our);
}

/**
 * The next message, in the order of arrival. Rejects with a `SendError` if what came next is a request of
 * ours that could not be delivered or was not answered in time.
 *
 * ```ts
 * import { awaitMessage, println } from "@kinode/process";
 *
 * export async function init() {
 *   while (true) {
 *     const message = await awaitMessage();
 *     println(message.text());
 *   }
 * }
 * ```
 */
export function awaitMessage(): Promise<Message> {
  return current().mailbox.awaitMessage();
}

/** The blob of the message that `awaitMessage()` returned last; `null` if that message had none. */
export function getBlob(): Blob | null {
  const blob = current().mailbox.last?.lazy_load_blob ?? null;
  return blob === null ? null : { mime: blob.mime, bytes: bytesOf(blob.bytes) };
}

/** The body of the next message; rejects as `awaitMessage` does. */
export async function awaitNextMessageBody(): Promise<Uint8Array> {
  return (await awaitMessage()).body;
}

/** Whether the message that `awaitMessage()` returned last has a blob. An empty one is one. */
export function hasBlob(): boolean {
  return getBlob() !== null;
}

/** The blob received last, of whatever message; `null` before the first. */
export function lastBlob(): Blob | null {
  const blob = current().mailbox.lastBlob;
  return blob === null ? null : { mime: blob.mime, bytes: bytesOf(blob.bytes) };
}

/** As `println`, and begins with this process's name: two processes of a package can be told apart. */
export function processPrintln(text: unknown = ""): void {
  println(`${our().processName}: ${text}`);
}

/** Prints to the node's terminal, prefixed with this process's package. */
export function println(text: unknown = ""): void {
  printToTerminal(0, String(text));
}

/** As `println`; lines of a verbosity (0-3) above the terminal's are not shown. */
export function printToTerminal(verbosity: 0 | 1 | 2 | 3, text: string): void {
  current().printer.print(verbosity, text);
}
