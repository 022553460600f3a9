/** What a process may do, in plain words for the person at the terminal. */
import { canonical, type ProcessId } from "../protocol/address.ts";
import { MESSAGING, type NamedCapability } from "../protocol/config.ts";
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

/** Says it when a process is loaded first, and again when it is not what it was. */
export class Announcer {
  readonly #log: Log;
  readonly #said = new Map<ProcessId, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  say(id: ProcessId, given: Rights, refused: Rights): void {
    const { usual, more } = wordsOf(id, given, refused);
    const text = [usual, ...more].join("\n");
    if (this.#said.get(id) === text) return;
    this.#said.set(id, text);
    this.#log.info(usual);
    for (const line of more) this.#log.warn(line);
  }
}

/** What it may do, and what of that, or of what it asks for, somebody should look at. */
export function wordsOf(id: ProcessId, given: Rights, refused: Rights) {
  const asks = refused.public || refused.requests.length + refused.grants.length > 0;
  const why = "the node is --strict";
  const line = `${id} asks for rights in its config and does not get them: ${why}`;
  return {
    usual: `${id} may: ${usual(given)}`,
    more: [...beyond(id, given), ...(asks ? [line] : [])],
  };
}

/** `serve HTTP, call other servers, …`; the rest is said by `beyond`. */
function usual({ requests }: Rights): string {
  const words = requests.map(usualPower).filter((word) => word !== null);
  return words.length === 0 ? "nothing but answer" : [...new Set(words)].join(", ");
}

/** One line for what reaches other processes, and one more for what reaches the whole node. */
function beyond(id: ProcessId, { requests, grants, public: isPublic }: Rights): string[] {
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
  ];
  return [
    ...(rights.length > 0 ? [`${id} asks for this and gets it: ${rights.join("; ")}`] : []),
    ...(rulesBy.length > 0 ? [`${id} rules this node: ${rulesBy.join("; ")}`] : []),
  ];
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
