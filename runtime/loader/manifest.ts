/**
 * manifest.json and metadata.json of a package, in Kinode's words (spec/kernel.md §5.2, §5.3): Kinode's own files
 * are accepted as they are. Every field but `process_name` may be absent.
 */
import { parseNodeName, parseProcessId } from "../protocol/address.ts";
import { configFields } from "../protocol/config.ts";
import {
  anything,
  converted,
  list,
  object,
  type Of,
  optional,
  string,
  u32,
} from "../protocol/serde.ts";
import { PACKAGE_PROCESSES_MAX } from "../limits.ts";

const name = converted(string, (text) => (parseProcessId(`${text}:package:publisher`), text));
const node = converted(string, parseNodeName);
const { id: _itsPackageSaysIt, schedule: _itsScriptSaysIt, ...rights } = configFields;

const entryFields = {
  process_name: name,
  /** The script, from where the manifest lies: `/chat.ts`. `/chat.wasm` stands for the script of that name. */
  process_wasm_path: optional(string),
  /** What Kinode 1.0 calls the version of its WASM interface; scripts have none. */
  wit_version: optional(u32),
  ...rights,
};

export const ENTRY_FIELDS = Object.keys(entryFields);

export const ManifestEntry = object(entryFields);
export type ManifestEntry = Of<typeof ManifestEntry>;

/** One entry per process. */
export const Manifest = converted(list(ManifestEntry), (entries) => {
  if (entries.length === 0) throw new RangeError("expected one entry per process, got none");
  if (entries.length > PACKAGE_PROCESSES_MAX) {
    throw new RangeError(`a package has at most ${PACKAGE_PROCESSES_MAX} processes`);
  }
  return entries;
});

const text = optional(string);
const texts = optional(list(string));

/** Names the package; the rest is for stores that offer it. */
export const Metadata = object({
  name: text,
  description: text,
  image: text,
  external_url: text,
  animation_url: text,
  properties: optional(object({
    package_name: optional(name),
    publisher: optional(node),
    current_version: text,
    mirrors: texts,
    // An object in the file, a list of pairs in the app store's messages.
    code_hashes: anything,
    license: text,
    screenshots: texts,
    wit_version: optional(u32),
    dependencies: texts,
    api_includes: texts,
  })),
});
