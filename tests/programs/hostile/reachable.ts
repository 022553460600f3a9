// Threat: a power that hangs somewhere on what a script can reach, under a name that nobody thought of. Walks from
// the global object, the library and one of everything that the web platform makes, over prototypes, getters and
// constructors; then puts spies into every built-in function, lets the runtime work, and walks what they saw.
import { println } from "@kinode/process";
import { makings, work } from "./lib/makings.ts";
import { spy } from "./lib/spy.ts";
import { isObject, walk } from "./lib/walk.ts";

export const config = { on_exit: "None" } as const;

export async function init() {
  const scope = globalThis as unknown as Record<symbol, unknown>;
  const roots: [string, unknown][] = [
    ["globalThis", globalThis],
    ["library", scope[Symbol.for("kinode.process")]],
    ...await makings(),
  ];
  const plain = walk(roots);
  for (const line of plain.found) println(`REACHED ${line}`);
  println(`walked ${plain.seen}`);

  const noted = new Map<unknown, string>();
  const restore = spy((path, value) => {
    if (isObject(value) && noted.size < 50_000 && !noted.has(value)) noted.set(value, path);
  });
  let failure: unknown;
  try {
    await makings();
    console.log({ deep: [1, { a: new Map([[1, 2]]) }], error: new Error("x") });
    await work();
    await new Promise((resolve) => setTimeout(resolve, 20));
  } catch (error) {
    failure = error;
  }
  restore();
  if (failure !== undefined) println(`failed under spies: ${failure} ${(failure as Error).stack}`);
  const spied = walk([...noted].map(([value, path]) => [`(${path})`, value]));
  for (const line of new Set(spied.found)) println(`SPIED ${line}`);
  println(`spied ${noted.size}, walked ${spied.seen}`);
}
