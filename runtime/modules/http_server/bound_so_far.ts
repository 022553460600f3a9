/**
 * What processes and packages have bound, and may: paths stay until the node stops, whatever becomes of their process.
 * A process counts for itself and for its package, for a package has as many processes as it spawns.
 */
import {
  BINDING_BYTES_PER_PACKAGE_MAX,
  BINDINGS_PER_PROCESS_MAX,
  STATIC_BYTES_PER_PACKAGE_MAX,
  STATIC_BYTES_PER_PROCESS_MAX,
} from "../../limits.ts";
import { packageOf, type ProcessId } from "../../protocol/address.ts";

/** What a segment of a path costs in the tree of patterns: 10,000 paths of 60 segments took 420 MB (Deno 2.9.6). */
const SEGMENT_BYTES = 700;

interface Used {
  paths: number;
  pathBytes: number;
  staticBytes: number;
}

/** A path as it is stored. */
export interface PathSize {
  chars: number;
  segments: number;
}

export class BoundSoFar {
  readonly #processes = new Map<string, Used>();
  readonly #packages = new Map<string, Used>();

  /** Counts a new path of `owner`; false, and nothing counted: it would be one too many. */
  tryAdd(owner: ProcessId, { chars, segments }: PathSize): boolean {
    const [own, all] = this.#usedBy(owner);
    // Once in the binding, once as a key.
    const bytes = 2 * chars + segments * SEGMENT_BYTES;
    if (own.paths >= BINDINGS_PER_PROCESS_MAX) return false;
    if (all.pathBytes + bytes > BINDING_BYTES_PER_PACKAGE_MAX) return false;
    own.paths++;
    all.pathBytes += bytes;
    return true;
  }

  /** Whether `owner` may hold so many more bytes of static content, when `giver` frees what they replace. */
  mayHold(
    owner: ProcessId,
    bytes: number,
    { giver, freed }: { giver: ProcessId; freed: number },
  ): boolean {
    if (bytes === 0) return true;
    const [own, all] = this.#usedBy(owner);
    const ownFreed = giver === owner ? freed : 0;
    const allFreed = packageOf(giver) === packageOf(owner) ? freed : 0;
    return own.staticBytes - ownFreed + bytes <= STATIC_BYTES_PER_PROCESS_MAX &&
      all.staticBytes - allFreed + bytes <= STATIC_BYTES_PER_PACKAGE_MAX;
  }

  /** Counts bytes of static content that `owner` holds, or (negative) held. */
  hold(owner: ProcessId, bytes: number): void {
    for (const used of this.#usedBy(owner)) used.staticBytes += bytes;
  }

  #usedBy(owner: ProcessId): [own: Used, all: Used] {
    return [usedIn(this.#processes, owner), usedIn(this.#packages, packageOf(owner))];
  }
}

function usedIn(all: Map<string, Used>, name: string): Used {
  let used = all.get(name);
  if (used === undefined) all.set(name, used = { paths: 0, pathBytes: 0, staticBytes: 0 });
  return used;
}
