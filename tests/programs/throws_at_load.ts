/** Throws before it has become a process: its stack names this file, these lines and these columns. */
export const config = { on_exit: "None" };

function fail(): never {
  throw new Error("boom at load");
}

fail();

export function init() {}
