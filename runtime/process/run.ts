/** From a script's module to a running process: which of the two kinds is it? */
import { current } from "./current.ts";
import type { Outbox } from "./outbox.ts";
import { serveWebStyle, type WebStyle } from "./web_style.ts";

interface ScriptModule {
  init?: unknown;
  default?: unknown;
}

/** Loads the script and runs it to its end; rejects with what it threw. */
export async function run(
  load: () => Promise<ScriptModule>,
  our: string,
  outbox: Outbox,
): Promise<void> {
  const script = await load();
  const main = entryOf(script);
  outbox.send(["Loaded"]);
  await main(our);
}

function entryOf(script: ScriptModule): (our: string) => unknown {
  if (typeof script.init === "function") return script.init as (our: string) => unknown;
  const style = script.default as WebStyle | undefined;
  if (typeof style === "object" && style !== null && typeof style.fetch === "function") {
    return () => serveWebStyle(style, current());
  }
  throw new TypeError(
    "Cannot run this script: export a function `init(our)`, or a default object with `fetch(request)`",
  );
}
