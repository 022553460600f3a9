/** Crashes in its first four lives before it has read anything; then answers and prints what waited. */
import { awaitMessage, getState, println, Response, setState } from "@kinode/process";

export const config = { public: true };

const CRASHES = 4;

export async function init() {
  const lives = (await getState())?.length ?? 0;
  if (lives < CRASHES) {
    await setState(new Uint8Array(lives + 1));
    throw new Error(`crash ${lives + 1}`);
  }
  println("alive");
  while (true) {
    println(`got ${(await awaitMessage()).text()}`);
    new Response().body("heard").send();
  }
}
