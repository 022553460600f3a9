/** What a process may do, in plain words for the person at the terminal. */
import { canonical, type ProcessId } from "../protocol/address.ts";
import { CPU_SECONDS, PROCESS_HEAP_MB } from "../limits.ts";
import { type Config, MESSAGING, type NamedCapability } from "../protocol/config.ts";
import type { Log } from "../log.ts";
import { KERNEL, type Rights } from "./rights.ts";

/** What it means to message a module, for who does not know the modules. */
const POWERS: ReadonlyMap<string, string> = new Map([
  ["http-server:distro:sys", "serve HTTP"],
  ["http-client:distro:sys", "call other servers"],
  ["timer:distro:sys", "set timers"],
  ["vfs:distro:sys", "keep its own files"],
  ["kv:distro:sys", "keep its own files"],
  ["sqlite:distro:sys", "keep its own files"],
  ["terminal:terminal:sys", "use the terminal"],
]);

/** What is told of a process. */
export interface Told {
  id: ProcessId;
  /** Where it asks: "config" or "manifest". */
  asksIn: string;
  given: Rights;
  refused: Rights;
  /** What it may take, by its own word. */
  limits: Pick<Config, "memory_mb" | "cpu_seconds">;
}

/** Says it when a process is loaded first, and again when it is not what it was. */
export class Announcer {
  readonly #log: Log;
  /** Path of the file that grants rights on a `--strict` node; else `null`. */
  readonly #grantsFile: string | null;
  readonly #said = new Map<ProcessId, string>();

  constructor(log: Log, grantsFile: string | null) {
    this.#log = log;
    this.#grantsFile = grantsFile;
  }

  say(told: Told): void {
    const lines = wordsOf(told, this.#grantsFile);
    const text = lines.join("\n");
    if (this.#said.get(told.id) === text) return;
    this.#said.set(told.id, text);
    const [usual, ...more] = lines;
    this.#log.info(usual!);
    for (const line of more) this.#log.warn(line);
  }
}

/** What it may do; then what of that, or of what it asks for, somebody should look at. */
export function wordsOf(
  { id, asksIn, given, refused, limits }: Told,
  grantsFile: string | null,
): string[] {
  const asks = refused.public || refused.network !== null ||
    refused.requests.length + refused.grants.length > 0;
  const missing = `${id} asks for rights in its ${asksIn} and does not get them: the node is ` +
    `--strict (to grant them put "${id}": "asked" into ${grantsFile})`;
  return [
    `${id} may: ${usual(given)}`,
    ...beyond(id, given, limits),
    ...(asks ? [missing] : []),
  ];
}

/** `serve HTTP, call other servers, …`; the rest is said by `beyond`. */
function usual({ requests, network }: Rights): string {
  const words = requests.filter(({ process }) => network !== "none" || !isClient(process))
    .map(usualPower).filter((word) => word !== null);
  return words.length === 0 ? "nothing but answer" : [...new Set(words)].join(", ");
}

/** One line for what reaches other processes, and one more for what reaches the whole node. */
function beyond(
  id: ProcessId,
  { requests, grants, public: isPublic, network }: Rights,
  limits: Told["limits"],
): string[] {
  const rest = requests.filter((one) => usualPower(one) === null);
  const rulesBy = rest.map(power).filter((one) => one !== null);
  const rights = [
    ...rest.filter((one) => power(one) === null).map(({ process, params }) =>
      params === MESSAGING ? `it may message ${process}` : `it has ${params} of ${process}`
    ),
    ...grants.filter((one) => usualPower(one) === null).map(({ process, params }) =>
      params === MESSAGING ? `${process} may message it` : `${process} has ${params} of it`
    ),
    ...(isPublic ? ["every process may message it"] : []),
    ...(requests.some(({ process }) => isClient(process)) ? reach(network) : []),
    ...more(limits),
  ];
  return [
    ...(rights.length > 0 ? [`${id} asks for this and gets it: ${rights.join("; ")}`] : []),
    ...(rulesBy.length > 0 ? [`${id} rules this node: ${rulesBy.join("; ")}`] : []),
  ];
}

/** Limits that it has raised for itself. */
function more({ memory_mb, cpu_seconds }: Told["limits"]): string[] {
  const words: string[] = [];
  if (memory_mb !== null && memory_mb > PROCESS_HEAP_MB) {
    words.push(`its heap may have ${memory_mb} MB (memory_mb, usually ${PROCESS_HEAP_MB})`);
  }
  if (cpu_seconds !== null && cpu_seconds > CPU_SECONDS) {
    words.push(`it may take ${cpu_seconds} s for a message (cpu_seconds, usually ${CPU_SECONDS})`);
  }
  return words;
}

/** Where it may call out to, if that is neither nowhere nor what any process may. */
function reach(network: Rights["network"]): string[] {
  if (network === null || network === "none" || network === "public") return [];
  if (network === "local") return ["it may call this machine and your own network"];
  if (network === "all") {
    return ["it may call every address, also where a cloud keeps this machine's secrets"];
  }
  return [`it may call ${network.join(", ") || "nobody"} and nobody else`];
}

function isClient(process: ProcessId): boolean {
  return canonical(process) === "http-client:distro:sys";
}

function usualPower({ process, params }: NamedCapability): string | null {
  return params === MESSAGING ? POWERS.get(canonical(process)) ?? null : null;
}

/** `null` for what harms at most the process named. */
function power({ process, params }: NamedCapability): string | null {
  if (process === KERNEL) {
    return params === MESSAGING ? `it may message ${KERNEL}` : "it may message other nodes";
  }
  const all = params === '{"root":true}' && process.endsWith(":distro:sys");
  return all ? `it may do everything that ${process} can` : null;
}
