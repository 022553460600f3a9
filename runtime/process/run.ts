/** From a script's module to a running process: which of the two kinds is it? */
import { hintFor } from "./absent.ts";
import { current } from "./current.ts";
import type { Outbox } from "./outbox.ts";
import { placeOf } from "./place.ts";
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

export interface RunOptions {
  /** The bundle, as text. */
  code: string;
  load(code: string): Promise<ScriptModule>;
  our: string;
  outbox: Outbox;
}

/** Loads the script and runs it to its end; rejects with what it threw. */
export async function run({ code, load, our, outbox }: RunOptions): Promise<void> {
  let entry: Entry;
  try {
    entry = entryOf(await load(code), code);
  } catch (error) {
    // What the script itself throws may be another the next time; a name that no process has stays away.
    if (!(error instanceof SyntaxError || error instanceof NoEntry || hintFor(error) !== null)) {
      throw error;
    }
    throw new Unusable("the script cannot run", { cause: error });
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

function entryOf({ init, default: style, config }: ScriptModule, code: string): Entry {
  if (typeof init === "function") return { main: init as Entry["main"], keeps: false };
  const served = webStyleOf(style);
  const place = placeOf(membersOf(style).fetch ?? style, code);
  const { schedule = null } = Object(config) as { schedule?: readonly string[] | null };
  if ((served.scheduled === undefined) !== (schedule === null)) {
    printToTerminal(0, schedule === null ? UNPLANNED : UNHEARD);
  }
  const options = { crons: schedule ?? [], place };
  return { main: () => serveWebStyle(served, current(), options), keeps: true };
}

const UNPLANNED = "`scheduled` is never called: say when, as in " +
  'export const config = { schedule: ["0 3 * * *"] }';
const UNHEARD =
  "`config.schedule` calls nobody: export a default object with scheduled(controller)";

/** An object, an instance of a class or a function with `fetch` (a Hono app), or the handler itself. */
function webStyleOf(style: unknown): WebStyle {
  const members = membersOf(style);
  const { fetch, websocket, message, scheduled } = members;
  checkFunctions({ fetch, message, scheduled });
  checkHandlers(websocket);
  if (Object.keys(members).length > 0) return bound(members, style);
  if (typeof style === "function") return { fetch: style as WebStyle["fetch"] };
  throw new NoEntry(
    "Cannot run this script: export a function `init(our)`, or a default object with `fetch(request)`, " +
      "`websocket: { message(ws, data) }`, `scheduled(controller)` or `message(message)`",
  );
}

const MEMBERS = ["fetch", "websocket", "message", "scheduled"];

/** What it really has of these: itty-router's routers answer to any name that they are asked for. */
function membersOf(style: unknown): Record<string, unknown> {
  const object = Object(style ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    MEMBERS.map((name) => [name, name in object ? object[name] : undefined])
      .filter(([, value]) => value !== undefined),
  );
}

function bound(members: Record<string, unknown>, style: unknown): WebStyle {
  const entries = Object.entries(members);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "function" ? value.bind(style) : value]),
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
