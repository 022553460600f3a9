/**
 * `<home>/grants.json`: what the node's owner lets processes do, beside what they ask for, or (with `--strict`)
 * instead of it.
 *
 *     {
 *       "hello:hello:template.os": "asked",
 *       "chat:chat:template.os": { "request_capabilities": ["http-server:distro:sys"] }
 *     }
 *
 * `"asked"`: what it would have without `--strict`. An object: exactly this, in the words of a manifest.
 */
import { parseProcessId, type ProcessId } from "../protocol/address.ts";
import { Config, configFields } from "../protocol/config.ts";
import { converted, type Decoder, map, object } from "../protocol/serde.ts";
import { MANIFEST_BYTES_MAX } from "../limits.ts";
import { JsonFile } from "./json_file.ts";
import { type Problem, problemOf } from "./problem.ts";

export type Grant = "asked" | Config;

const { request_capabilities, request_networking, grant_capabilities, public: everybody, network } =
  configFields;
const rights = {
  request_capabilities,
  request_networking,
  grant_capabilities,
  public: everybody,
  network,
};
const Rights = object(rights);

const GrantShape: Decoder<Grant> = (json, at) => {
  if (json === "asked") return json;
  if (typeof json === "string") throw new TypeError(`Cannot decode ${at}: expected "asked"`);
  const known = Object.keys(rights);
  const stranger = Object.keys(json ?? {}).find((key) => !known.includes(key));
  if (stranger !== undefined) {
    throw new TypeError(`Cannot decode ${at}.${stranger}: expected ${known.join(", ")}`);
  }
  return Config(Rights(json, at) && json, at);
};

const GrantsShape = converted(map(GrantShape), (grants) => {
  for (const id of Object.keys(grants)) parseProcessId(id);
  return grants as Record<ProcessId, Grant>;
});

export class Grants {
  readonly #path: string;
  #grants: Record<ProcessId, Grant> = {};
  #stamp = "";

  constructor(path: string) {
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** What the owner says of this process. */
  of(id: ProcessId): Grant | null {
    return Object.hasOwn(this.#grants, id) ? this.#grants[id]! : null;
  }

  /** Reads the file if it is another than the last time: whether it was, and what is wrong with it. */
  async refresh(): Promise<{ changed: boolean; problem: Problem | null }> {
    const stamp = await stampOf(this.#path);
    if (stamp === this.#stamp) return { changed: false, problem: null };
    this.#stamp = stamp;
    const problem = await this.#load(stamp !== "");
    return { changed: problem === null, problem };
  }

  async #load(there: boolean): Promise<Problem | null> {
    if (!there) {
      this.#grants = {};
      return null;
    }
    const hint = "until it is mended the grants before it stay as they are";
    try {
      const bytes = await Deno.readFile(this.#path);
      if (bytes.length > MANIFEST_BYTES_MAX) return problemOf(this.#path, "it is too large", hint);
      const decoded = new JsonFile(this.#path, bytes, "grants").decode(GrantsShape);
      if ("problems" in decoded) return { ...decoded.problems[0]!, hint };
      this.#grants = decoded.value;
      return null;
    } catch (error) {
      return problemOf(this.#path, `cannot be read: ${(error as Error).message}`, hint);
    }
  }
}

/** Changes when the file does; "" for none. */
async function stampOf(path: string): Promise<string> {
  try {
    const { mtime, size, ino } = await Deno.stat(path);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch {
    return "";
  }
}
