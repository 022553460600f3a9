/** Sends requests that are answered twice and too late, and prints what `awaitMessage` gives it. */
import { awaitMessage, println, Request, type SendError } from "@kinode/process";

export const config = { on_exit: "None" };

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
const partner = () => Request.to("our@answers:answers:template.os");

export async function init() {
  partner().body('"twice"').context(bytes("of twice")).expectsResponse(20).send();
  await printNext();
  partner().body('"hold"').context(bytes("of hold")).expectsResponse(1).send();
  await printNext();
  partner().body('"release"').context(bytes("of release")).expectsResponse(20).send();
  await printNext();
  partner().body('"hold"').context(bytes("of zero")).expectsResponse(0).send();
  await printNext();
}

async function printNext() {
  try {
    const message = await awaitMessage();
    println(`Response ${message.text()} with ${text(message.context)}`);
  } catch (error) {
    const { kind, reason, context } = error as SendError;
    println(`SendError ${kind} ${reason} with ${text(context)}`);
  }
}
