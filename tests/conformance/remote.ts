// A process at the other end of the test's arm (tests/programs/remote.ts): the test says what to call, the process
// calls it with its own rights, and what comes back is the library's answer.
//
//   const boss = await startRemote(node, "boss", { request_capabilities: ["kernel:distro:sys"] });
//   assertEquals(await boss.ask("our@kernel:distro:sys", { KillProcess: "a:a:template.os" }), …);

import type { RunningNode } from "../clients/node.ts";
import { readProgram } from "./scripts.ts";
import { eventually } from "./within.ts";

export interface Answer {
  source?: string;
  body?: string;
  blob?: string | null;
  context?: string | null;
  capabilities?: { issuer: string; params: string }[];
  kind?: string;
  reason?: string;
  message?: string;
  /** Between the call and its end, measured in the process. */
  ms: number;
}

export interface More {
  seconds?: number;
  metadata?: string;
  blob?: string;
  context?: string;
  capabilities?: { issuer: string; params: string }[];
}

export const KERNEL = "our@kernel:distro:sys";
/** `config` of a remote that may send commands to the kernel. */
export const RULES = { request_capabilities: ["kernel:distro:sys"] };

/** The text of a remote with this `config`. */
export function remoteText(config: Record<string, unknown> = {}): string {
  const text = readProgram("remote.ts");
  const line = `export const config = ${JSON.stringify(config)};`;
  return text.replace("export const config = {};", line);
}

/** Drops a remote called `name` into the node, and waits until it listens. */
export async function startRemote(
  node: RunningNode,
  name: string,
  config: Record<string, unknown> = {},
): Promise<Remote> {
  await node.drop(`${name}.ts`, remoteText(config));
  return await findRemote(node, name);
}

/** A remote that is there already, as soon as it listens. */
export async function findRemote(node: RunningNode, name: string): Promise<Remote> {
  const remote = new Remote(node, name);
  await eventually(`remote ${name}`, () => remote.listens());
  return remote;
}

export class Remote {
  readonly id: string;
  readonly #url: string;

  constructor(node: RunningNode, name: string, id = `${name}:${name}:template.os`) {
    this.id = id;
    this.#url = `${node.url}/${this.id}`;
  }

  /** True, or undefined while its path is not bound. */
  async listens(): Promise<true | undefined> {
    const response = await this.#post("canMessage", "our@no:no:no");
    await response.body?.cancel();
    return response.ok ? true : undefined;
  }

  /** Calls what stands under `name` in the program's table; throws what the library threw. */
  async call<T = unknown>(name: string, given: unknown = null): Promise<T> {
    const response = await this.#post(name, given);
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    const { ok, error } = await response.json();
    if (error !== undefined) throw new Error(error);
    return ok as T;
  }

  /** A request whose body is `body` as JSON, and what became of it. */
  async send(to: string, body: unknown, more: More = {}): Promise<Answer> {
    return await this.call("ask", { to, body: JSON.stringify(body), ...more });
  }

  /** As `send`: the response's body as JSON; throws if there was none. */
  async ask<T = unknown>(to: string, body: unknown, more: More = {}): Promise<T> {
    const answer = await this.send(to, body, more);
    if (answer.body === undefined) throw new Error(`${answer.reason}: ${answer.message}`);
    return JSON.parse(answer.body) as T;
  }

  /** A request that expects nothing. */
  async tell(to: string, body: unknown, more: More = {}): Promise<void> {
    await this.call("tell", { to, body: JSON.stringify(body), ...more });
  }

  #post(name: string, given: unknown): Promise<Response> {
    return fetch(this.#url, { method: "POST", body: JSON.stringify([name, given]) });
  }
}
