/**
 * Hosts of processes: `hello.localhost` is the root path of `hello:hello:template.os`, so that an app which knows
 * nothing of its path on this node finds itself at `/`, and its pages have an origin of their own.
 *
 *   GET http://hello.localhost:8080/a  ─►  /hello:hello:template.os/a
 *
 * `chat:talk:you.os` is at `chat-talk-you-os.localhost`. Browsers and curl know that all of localhost is this
 * machine; for another domain the owner needs a wildcard in the DNS and `--domain`.
 */
import type { ProcessId } from "../../protocol/address.ts";
import type { RequestTarget } from "./incoming.ts";

/** RFC 1035: a longer label is none. */
const LABEL_CHARS_MAX = 63;
const DROPPED_SCRIPT = /^([^:]+):\1:template\.os$/;

/** The first label of a process's host; `null` if its name makes none. */
export function labelOf(process: ProcessId): string | null {
  const name = DROPPED_SCRIPT.exec(process)?.[1] ?? process;
  const label = name.replace(/[^A-Za-z0-9]/g, "-").toLowerCase();
  return label.length <= LABEL_CHARS_MAX && /^[a-z0-9].*[a-z0-9]$|^[a-z0-9]$/.test(label)
    ? label
    : null;
}

export class Hosts {
  readonly #domains: readonly string[];
  readonly #processes = new Map<string, ProcessId>();

  /** `domains`: beside `localhost`, those whose names below them lead here. */
  constructor(domains: readonly string[]) {
    this.#domains = ["localhost", ...domains].map((domain) => `.${domain.toLowerCase()}`);
  }

  /** A process serves its root path. Of two whose names make one label the first has it. */
  add(process: ProcessId): void {
    const label = labelOf(process);
    if (label !== null && !this.#processes.has(label)) this.#processes.set(label, process);
  }

  /** The target with the path that it has on this node. One that names its process already stays as it is. */
  resolve(target: RequestTarget): RequestTarget {
    const dot = target.hostname.indexOf(".");
    if (dot < 0) return target;
    const host = target.hostname.toLowerCase();
    if (!this.#domains.includes(host.slice(dot))) return target;
    const process = this.#processes.get(host.slice(0, dot));
    if (process === undefined) return target;
    const own = `/${process}`;
    if (target.path === own || target.path.startsWith(`${own}/`)) return target;
    return { ...target, path: own + target.path, shown: target.path };
  }
}
