/** One message crashes it, whenever it meets it; the others it prints. */
import { awaitMessage, println } from "@kinode/process";

export const config = { public: true };

export async function init() {
  println("alive");
  while (true) {
    const text = (await awaitMessage()).json<string>();
    if (text === "poison") throw new Error("it was poison");
    println(`got ${text}`);
  }
}
