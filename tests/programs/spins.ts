/** Never gives its core back once it has a message. */
import { awaitMessage, println } from "@kinode/process";

export const config = { public: true };

export async function init() {
  println("ready");
  await awaitMessage();
  println("spins");
  while (true);
}
