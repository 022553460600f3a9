// A node with tests/programs/http_guest.ts in it, and what a test asks of that guest.
import { assertEquals } from "@std/assert";
import { curl, type CurlAnswer } from "../clients/curl.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { readProgram } from "./scripts.ts";

export interface Act {
  action: unknown;
  blob?: { mime: string | null; bytes: string };
}

export class HttpGuest implements AsyncDisposable {
  /** The guest's own path on the node. */
  readonly url: string;

  private constructor(readonly node: RunningNode, readonly id: string) {
    this.url = `${node.url}/${id}`;
  }

  /** The guest is started and has bound its `/control`. */
  static async start(name = "a", args: string[] = []): Promise<HttpGuest> {
    const node = await startNode({ files: { [`${name}.ts`]: readProgram("http_guest.ts") }, args });
    await node.waitForLine(` ${name}:template.os: bound`);
    return new HttpGuest(node, `${name}:${name}:template.os`);
  }

  /** http_server's replies to these actions of the guest. */
  async act(...acts: Act[]): Promise<unknown[]> {
    const body = JSON.stringify(acts);
    return await (await fetch(`${this.url}/control`, { method: "POST", body })).json();
  }

  /** Actions that must all be done. */
  async actOk(...acts: Act[]): Promise<void> {
    assertEquals(await this.act(...acts), acts.map(() => ({ Ok: null })));
  }

  bind(...paths: string[]): Promise<void> {
    return this.actOk(...paths.map((path) => ({ action: bind(path) })));
  }

  /** A request for a path of the guest, as it is written. */
  get(path: string, ...args: string[]): Promise<CurlAnswer> {
    return curl(["--path-as-is", ...args, this.url + path]);
  }

  /** A request that the guest answers with exactly this body, and this blob. */
  answer(path: string, body: unknown, blob?: string, ...args: string[]): Promise<CurlAnswer> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const query = new URLSearchParams({ answer: text, ...(blob === undefined ? {} : { blob }) });
    return this.get(`${path}?${query}`, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
  }
}

export function bind(path: string, flags: Record<string, boolean> = {}): unknown {
  return { Bind: { path, authenticated: false, local_only: false, cache: false, ...flags } };
}

/** Static content. */
export function bindStatic(path: string, bytes: string, mime: string | null = null): Act {
  return { action: bind(path, { cache: true }), blob: { mime, bytes } };
}

export const unbind = (path: string): Act => ({ action: { Unbind: { path } } });
