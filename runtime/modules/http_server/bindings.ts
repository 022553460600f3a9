/**
 * Which process serves which path (spec/http.md §1.4-§1.5). HTTP and WebSocket paths are two tables. A path is
 * prefixed by its process, so a process claims only its own; the later binding of a path replaces the earlier.
 * Unbinding leaves a tombstone, which answers 404 where a less specific binding would answer otherwise.
 * Bindings outlive their process: it may restart, and finds them replaced by its own.
 */
import { BOUND_PATH_CHARS_MAX, BOUND_PATH_SEGMENTS_MAX } from "../../limits.ts";
import { type Address, type ProcessId, processOf } from "../../protocol/address.ts";
import type { HttpServerError } from "../../protocol/http_server.ts";
import { BoundSoFar } from "./bound_so_far.ts";
import { type Match, PatternTable, segmentsOf } from "./patterns.ts";
import type { StaticContent } from "./static_content.ts";

interface Bound {
  /** The process that bound the path. */
  app: Address;
  /** The name by which that process called us: our messages to it come from that name. */
  boundAs: Address;
  /** The pattern with the process before it: `bound_path` on the wire. */
  path: string;
  authenticated: boolean;
  /** The first label of the only host that serves it; `null`: any host does. */
  subdomain: string | null;
}

export interface HttpBinding extends Bound {
  local_only: boolean;
  content: StaticContent | null;
  /** The process takes and gives bodies piece by piece (streams.ts). */
  streaming: boolean;
}

export interface WsBinding extends Bound {
  extension: boolean;
  /** Seconds; undefined: nobody looks whether a silent client is still there. */
  keepalive?: number | undefined;
  /** Sub-protocols that it speaks; undefined: none is ever selected, as in Kinode. */
  protocols?: readonly string[] | undefined;
}

/** What is known of a path: its binding, or `null` once it was unbound. */
type Slot<B> = { owner: ProcessId; binding: B | null };

/** The one process whose paths have no prefix: it serves `/`. */
const HOMEPAGE = "homepage:homepage:sys";

export class Bindings {
  readonly #http = new PatternTable<Slot<HttpBinding>>();
  readonly #ws = new PatternTable<Slot<WsBinding>>();
  readonly #boundSoFar = new BoundSoFar();

  bindHttp(path: string, binding: Omit<HttpBinding, "path">): HttpServerError | null {
    const owner = processOf(binding.app);
    const formed = formPath(owner, path);
    return this.#setHttp(formed, { owner, binding: { ...binding, path: formed } });
  }

  unbindHttp(app: Address, path: string): HttpServerError | null {
    const owner = processOf(app);
    return this.#setHttp(formPath(owner, path), { owner, binding: null });
  }

  bindWs(path: string, binding: Omit<WsBinding, "path">): HttpServerError | null {
    const owner = processOf(binding.app);
    const formed = formPath(owner, path);
    return this.#set(this.#ws, formed, { owner, binding: { ...binding, path: formed } });
  }

  unbindWs(app: Address, path: string): HttpServerError | null {
    const owner = processOf(app);
    return this.#set(this.#ws, formPath(owner, path), { owner, binding: null });
  }

  /** `path` as it stands in the request line, without the query. */
  findHttp(path: string): Match<HttpBinding> | undefined {
    const text = normalize(path);
    // A process that bound `/` gets all its other paths too (§1.5, "base-path fallback").
    return bound(this.#http.find(text) ?? this.#http.find(firstSegmentOf(text)));
  }

  findWs(path: string): Match<WsBinding> | undefined {
    return bound(this.#ws.find(normalize(path)));
  }

  #setHttp(formed: string, slot: Slot<HttpBinding>): HttpServerError | null {
    const before = this.#http.get(formed);
    const freed = staticBytesOf(before);
    const taken = staticBytesOf(slot);
    const giver = before?.owner ?? slot.owner;
    if (!this.#boundSoFar.mayHold(slot.owner, taken, { giver, freed })) {
      return "StaticContentTooLarge";
    }
    const error = this.#set(this.#http, formed, slot);
    if (error !== null) return error;
    this.#boundSoFar.hold(giver, -freed);
    this.#boundSoFar.hold(slot.owner, taken);
    before?.binding?.content?.release();
    return null;
  }

  #set<B>(table: PatternTable<Slot<B>>, formed: string, slot: Slot<B>): HttpServerError | null {
    if (formed.length > BOUND_PATH_CHARS_MAX) return "PathTooLong";
    const segments = segmentsOf(formed).length;
    if (segments > BOUND_PATH_SEGMENTS_MAX) return "PathTooLong";
    const isNew = table.get(formed) === undefined;
    if (isNew && !this.#boundSoFar.tryAdd(slot.owner, { chars: formed.length, segments })) {
      return "TooManyBindings";
    }
    table.set(formed, slot);
    return null;
  }
}

/** Removes one trailing slash; nothing is decoded, collapsed or folded. */
export function normalize(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** `/` of `chat:chat:template.os` is `/chat:chat:template.os`. */
export function formPath(process: ProcessId, path: string): string {
  const own = normalize(path);
  if (process === HOMEPAGE) return own;
  // Kinode makes `/id/` of the empty path, which no request for `/id` or `/id/` reaches (§7.2, 12).
  return own === "" || own.startsWith("/") ? `/${process}${own}` : `/${process}/${own}`;
}

/** What a process calls the path of a request to it: without the process before it, never empty. */
export function ownPath(process: ProcessId, path: string): string {
  const prefix = `/${process}`;
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : "/";
}

function firstSegmentOf(path: string): string {
  const end = path.indexOf("/", 1);
  return end === -1 ? path : path.slice(0, end);
}

function bound<B>(match: Match<Slot<B>> | undefined): Match<B> | undefined {
  const binding = match?.value.binding;
  return match && binding ? { value: binding, params: match.params } : undefined;
}

function staticBytesOf(slot: Slot<HttpBinding> | undefined): number {
  return slot?.binding?.content?.size ?? 0;
}
