/**
 * Run by kill_test.ts in a Deno of its own, on the home folder in its first argument: four processes save numbered
 * states as fast as they can, each going on from what it finds. A line `process number` is written when that
 * save has resolved, and not before.
 */
import type { ProcessId } from "../../protocol/address.ts";
import { readNumber, toState } from "./numbered.ts";
import { SqliteStore } from "./store.ts";

const log = { info: console.error, warn: console.error };
const store = await SqliteStore.open({ home: Deno.args[0]!, log });
const encoder = new TextEncoder();

async function saveForEver(id: ProcessId): Promise<never> {
  let number = readNumber(await store.getState(id));
  while (true) {
    await store.setState(id, toState(++number));
    Deno.stdout.writeSync(encoder.encode(`${id} ${number}\n`));
  }
}

for (const name of ["a", "b", "c", "d"]) void saveForEver(`${name}:x:template.os` as ProcessId);
