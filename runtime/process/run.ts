/** From a script's module to a running process: which of the two kinds is it? */
import { current } from "./current.ts";
import type { Outbox } from "./outbox.ts";
import { printToTerminal } from "./standard.ts";
import { serveWebStyle, type WebStyle } from "./web_style.ts";

/** It exports nothing that can be run. */
class NoEntry extends TypeError {}

interface ScriptModule {
  init?: unknown;
  default?: unknown;
  /** The loader has checked it. */
  config?: unknown;
}

/** What was loaded is no program, for the reason in `cause`: no next start would do better. */
export class Unusable extends Error {
  override name = "Unusable";
  readonly #unusable = true;

  /** Asks the thing itself nothing: a script may throw a proxy. */
  static is(error: unknown): error is Unusable {
    return typeof error === "object" && error !== null && #unusable in error;
  }
}

/** Loads the script and runs it to its end; rejects with what it threw. */
export async function run(
  load: () => Promise<ScriptModule>,
  our: string,
  outbox: Outbox,
): Promise<void> {
  let entry: Entry;
  try {
    entry = entryOf(await load());
  } catch (error) {
    // What the script itself throws may be another the next time.
    if (!(error instanceof SyntaxError || error instanceof NoEntry)) throw error;
    throw new Unusable(error.message, { cause: error });
  }
  const { main, keeps } = entry;
  outbox.send(["Loaded", keeps]);
  await main(our);
}

interface Entry {
  main(our: string): unknown;
  /** Its next version gets what it holds open, the sockets of either kind. */
  keeps: boolean;
}

function entryOf({ init, default: style, config }: ScriptModule): Entry {
  if (typeof init === "function") return { main: init as Entry["main"], keeps: false };
  const served = webStyleOf(style);
  const { schedule = null } = Object(config) as { schedule?: readonly string[] | null };
  if ((served.scheduled === undefined) !== (schedule === null)) {
    printToTerminal(0, schedule === null ? UNPLANNED : UNHEARD);
  }
  return { main: () => serveWebStyle(served, current(), schedule ?? []), keeps: true };
}

const UNPLANNED = "`scheduled` is never called: say when, as in " +
  'export const config = { schedule: ["0 3 * * *"] }';
const UNHEARD =
  "`config.schedule` calls nobody: export a default object with scheduled(controller)";

/** An object, an instance of a class or a function with `fetch` (a Hono app), or the handler itself. */
function webStyleOf(style: unknown): WebStyle {
  const { fetch, websocket, message, scheduled } = (style ?? {}) as Record<string, unknown>;
  checkFunctions({ fetch, message, scheduled });
  checkHandlers(websocket);
  if ([fetch, message, websocket, scheduled].some((one) => one !== undefined)) {
    return style as WebStyle;
  }
  if (typeof style === "function") return { fetch: style as WebStyle["fetch"] };
  throw new NoEntry(
    "Cannot run this script: export a function `init(our)`, or a default object with `fetch(request)`, " +
      "`websocket: { message(ws, data) }`, `scheduled(controller)` or `message(message)`",
  );
}

function checkFunctions(exports: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(exports)) {
    if (value === undefined || typeof value === "function") continue;
    throw new NoEntry(`Cannot run this script: \`${name}\` of its default export is no function`);
  }
}

function checkHandlers(websocket: unknown): void {
  if (websocket === undefined) return;
  const handlers = Object(websocket) as Record<string, unknown>;
  if (["open", "message", "close"].some((name) => typeof handlers[name] === "function")) return;
  throw new NoEntry(
    "Cannot run this script: `websocket` wants at least one of open(ws), message(ws, data), close(ws, code, reason)",
  );
}
