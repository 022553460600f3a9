/** From a script's module to a running process: which of the two kinds is it? */
import { current } from "./current.ts";
import type { Outbox } from "./outbox.ts";
import { serveWebStyle, WEB_STYLE_NAMES, type WebStyle } from "./web_style.ts";

/** It exports nothing that can be run. */
class NoEntry extends TypeError {}

interface ScriptModule {
  init?: unknown;
  default?: unknown;
}

/** What was loaded is no program, for the reason in `cause`: no next start would do better. */
export class Unusable extends Error {
  override name = "Unusable";
}

/** Loads the script and runs it to its end; rejects with what it threw. */
export async function run(
  load: () => Promise<ScriptModule>,
  our: string,
  outbox: Outbox,
): Promise<void> {
  let main: (our: string) => unknown;
  let isWebStyle: boolean;
  try {
    const script = await load();
    isWebStyle = typeof script.init !== "function";
    main = entryOf(script);
  } catch (error) {
    // What the script itself throws may be another the next time.
    if (!(error instanceof SyntaxError || error instanceof NoEntry)) throw error;
    throw new Unusable(error.message, { cause: error });
  }
  outbox.send(["Loaded", isWebStyle]);
  await main(our);
}

function entryOf(script: ScriptModule): (our: string) => unknown {
  if (typeof script.init === "function") return script.init as (our: string) => unknown;
  const style = script.default as WebStyle | WebStyle["fetch"] | undefined | null;
  // An object, an instance of a class or a function with `fetch` (a Hono app), or the handler itself.
  if (
    WEB_STYLE_NAMES.some((name) => (style as WebStyle | undefined | null)?.[name] !== undefined)
  ) {
    const checkedStyle = checked(style as WebStyle);
    return () => serveWebStyle(checkedStyle, current());
  }
  if (typeof style === "function") return () => serveWebStyle({ fetch: style }, current());
  throw new NoEntry(
    "Cannot run this script: export a function `init(our)`, or a default object with `fetch(request)`, " +
      "`websocket: { message(ws, data) }` or `message(message)`",
  );
}

/** Throws a NoEntry that says which export is of the wrong kind. */
function checked(style: WebStyle): WebStyle {
  const { fetch, websocket, message } = style as Record<keyof WebStyle, unknown>;
  for (const [name, value] of Object.entries({ fetch, message })) {
    if (value !== undefined && typeof value !== "function") {
      throw new NoEntry(
        `Cannot run this script: \`${name}\` of its default export is no function`,
      );
    }
  }
  if (websocket !== undefined && (typeof websocket !== "object" || websocket === null)) {
    throw new NoEntry(
      "Cannot run this script: `websocket` of its default export is no object with `message(ws, data)`",
    );
  }
  return style;
}
