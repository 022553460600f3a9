/**
 * Bundles on disk, so that a warm boot runs no esbuild. An entry is found by the script's name and bytes
 * and by everything else that decides a bundle; it names the other files that went in, by hash. Its first
 * line is the SHA-256 of the rest: an entry that is damaged, or half written, is built anew.
 */
import { Config } from "../protocol/config.ts";
import {
  count,
  decodeJson,
  type Decoder,
  list,
  object,
  oneOf,
  optional,
  string,
} from "../protocol/serde.ts";
import { BUNDLE_CACHE_ENTRIES_MAX } from "./limits.ts";
import { join } from "@std/path";
import { BUILD_OPTIONS, BUNDLE_FORMAT, ESBUILD_VERSION } from "./bundle_protocol.ts";
import type { Output } from "./bundle.ts";
import { JSPM_VERSION, NOBLE_VERSION } from "./node_names.ts";
import type { Problem } from "./problem.ts";
import { isSealed } from "./seal.ts";
import { sha256Of } from "./sources.ts";

/** The content of one file that went into a bundle. */
export interface Input {
  path: string;
  sha256: string;
}

export interface Entry {
  /** Every file of the bundle, the script itself too. */
  inputs: Input[];
  output: Output;
  /** Told again at every boot. */
  warnings: Problem[];
}

/** As it is written, but what this node would not take any more. */
const ConfigJson: Decoder<unknown> = (json, at) => (Config(json ?? {}, at), json);

const WarningShape = object({
  severity: oneOf("warning"),
  file: string,
  line: optional(count),
  column: optional(count),
  text: string,
  lineText: optional(string),
  cut: count,
  length: count,
  hint: optional(string),
});

const EntryShape = object({
  inputs: list(object({ path: string, sha256: string })),
  output: object({ code: string, map: string, exports: list(string), config: ConfigJson }),
  warnings: list(WarningShape),
});

export class BundleCache {
  readonly #folder: string;
  /** What decides a bundle beside its files. */
  readonly #context: string;
  readonly #entriesMax: number;
  /** Served or stored since the start: never removed to make room. */
  readonly #used = new Set<string>();

  constructor(
    folder: string,
    libraryNames: readonly string[],
    entriesMax: number = BUNDLE_CACHE_ENTRIES_MAX,
  ) {
    this.#folder = folder;
    this.#entriesMax = entriesMax;
    const tools = [BUNDLE_FORMAT, ESBUILD_VERSION, JSPM_VERSION, NOBLE_VERSION, BUILD_OPTIONS];
    this.#context = JSON.stringify([...tools, libraryNames]);
  }

  /** The entry for the script `file` with this content, whatever became of its other files; `null` if none is whole. */
  async find(file: string, sha256: string): Promise<Entry | null> {
    const name = await this.#nameOf(file, sha256);
    let text: string;
    try {
      text = await Deno.readTextFile(join(this.#folder, name));
    } catch {
      return null;
    }
    const entry = await entryFrom(text);
    if (entry !== null) this.#used.add(name);
    return entry;
  }

  /** Keeps `entry`; throws what Deno throws when the folder cannot be written. */
  async store(file: string, sha256: string, entry: Entry): Promise<void> {
    const name = await this.#nameOf(file, sha256);
    const body = JSON.stringify(entry);
    await Deno.mkdir(this.#folder, { recursive: true });
    const unfinished = join(this.#folder, `${name}.${crypto.randomUUID()}.tmp`);
    try {
      await Deno.writeTextFile(unfinished, `${await sha256Of(body)}\n${body}`);
      await Deno.rename(unfinished, join(this.#folder, name));
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
    this.#used.add(name);
    await this.#prune();
  }

  async #nameOf(file: string, sha256: string): Promise<string> {
    return `${await sha256Of(JSON.stringify([this.#context, file, sha256]))}.json`;
  }

  /** Removes the oldest files beyond the bound, whole or left unfinished by a crash. */
  async #prune(): Promise<void> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.#folder)) names.push(name);
    if (names.length <= this.#entriesMax) return;
    const files = await Promise.all(
      names.filter((name) => !this.#used.has(name)).map(async (name) => {
        const info = await Deno.stat(join(this.#folder, name)).catch(() => null);
        return { name, writtenAt: info?.mtime?.getTime() ?? 0 };
      }),
    );
    files.sort((a, b) => a.writtenAt - b.writtenAt);
    for (const { name } of files.slice(0, names.length - this.#entriesMax)) {
      await Deno.remove(join(this.#folder, name)).catch(() => {});
    }
  }
}

/** Decodes an entry, and trusts nothing in it: whoever could write here could otherwise write programs. */
async function entryFrom(text: string): Promise<Entry | null> {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end === -1 || text.slice(0, end) !== await sha256Of(body)) return null;
  try {
    const entry = decodeJson(body, EntryShape, "bundle");
    return isSealed(entry.output.code) ? entry : null;
  } catch {
    return null;
  }
}
