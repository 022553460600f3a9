/** Answers every request with its own body. */
import { awaitMessage, Response } from "@kinode/process";

export async function init() {
  while (true) {
    const message = await awaitMessage();
    new Response().body(message.text()).send();
  }
}
