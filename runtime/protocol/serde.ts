/**
 * Decoders for Kinode's JSON, which is serde's externally tagged form: `"Debug"`, `{"WebSocketClose":7}`,
 * `{"Bind":{…}}`. A shape is said once, as a value; its type, its decoder and the table of handlers follow
 * from it, so that a forgotten handler does not compile. Unknown extra fields are ignored, as serde does.
 */

/** Takes parsed JSON and the place it came from (`body.Bind.path`); returns the value or throws a TypeError. */
export type Decoder<T> = (json: unknown, at: string) => T;
/** The type that a decoder yields. */
export type Of<D> = D extends Decoder<infer T> ? T : never;

function fail(at: string, expected: string): never {
  throw new TypeError(`Cannot decode ${at}: expected ${expected}`);
}

/** More than one fault of one value; as an error it says the first. */
export class Faults extends TypeError {
  readonly all: TypeError[];

  constructor(all: TypeError[]) {
    super(all[0]!.message);
    this.all = all;
  }
}

/** Who mends one fault wants to know of the next, but nobody reads hundreds, and each costs. */
const FAULTS_MAX = 20;

/** What decoders of places beside each other threw. */
class Gathered {
  #faults: TypeError[] = [];

  /** What the decoder returns, `undefined` where it throws; from the twentieth fault on throws what there is. */
  try<T>(decoder: Decoder<T>, json: unknown, at: string): T | undefined {
    try {
      return decoder(json, at);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      if (error instanceof Faults) this.#faults.push(...error.all);
      else this.#faults.push(error);
      if (this.#faults.length >= FAULTS_MAX) this.throwAny();
      return undefined;
    }
  }

  throwAny(): void {
    if (this.#faults.length > 1) throw new Faults(this.#faults.slice(0, FAULTS_MAX));
    if (this.#faults.length === 1) throw this.#faults[0];
  }
}

/** A JSON string. */
export const string: Decoder<string> = (json, at) =>
  typeof json === "string" ? json : fail(at, "a string");

/** `true` or `false`. */
export const boolean: Decoder<boolean> = (json, at) =>
  typeof json === "boolean" ? json : fail(at, "true or false");

/** A whole number from 0 to 4294967295. */
export const u32: Decoder<number> = (json, at) =>
  typeof json === "number" && Number.isInteger(json) && json >= 0 && json <= 0xffff_ffff
    ? json
    : fail(at, "a whole number from 0 to 4294967295");

/** A whole number of seconds or of anything else that stays below 2^53. */
export const count: Decoder<number> = (json, at) =>
  typeof json === "number" && Number.isSafeInteger(json) && json >= 0
    ? json
    : fail(at, "a whole number");

/** Any JSON at all. */
export const anything: Decoder<unknown> = (json) => json;

/** A variant without payload: the bare string `"Name"`. */
export const unit: Decoder<null> = (json, at) => json === null ? json : fail(at, "null");

/** Absent and `null` both read as `null`. */
export function optional<T>(decoder: Decoder<T>): Decoder<T | null> {
  return (json, at) => json === undefined || json === null ? null : decoder(json, at);
}

/** A field that Kinode does not have: where it is absent (or `null`) it stays absent. */
export function extension<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (json, at) => json === undefined || json === null ? undefined : decoder(json, at);
}

/** One of the given strings, as serde writes an enum of unit variants. */
export function oneOf<const T extends string>(...words: T[]): Decoder<T> {
  return (json, at) =>
    words.includes(json as T) ? json as T : fail(at, words.map((word) => `"${word}"`).join(" or "));
}

/** An array whose every item passes `decoder`; throws `Faults` where several do not. */
export function list<T>(decoder: Decoder<T>): Decoder<T[]> {
  return (json, at) => {
    if (!Array.isArray(json)) return fail(at, "an array");
    const faults = new Gathered();
    // `map` would step over holes one by one: four thousand million of them cross a port in a few bytes.
    const items = Array.from(json, (item, i) => faults.try(decoder, item, `${at}[${i}]`));
    faults.throwAny();
    return items as T[];
  };
}

/** Bytes as serde writes a `Vec<u8>` in JSON: an array of numbers from 0 to 255. */
export const bytes: Decoder<Uint8Array> = (json, at) => {
  const items = Array.isArray(json) ? json : fail(at, "an array of bytes");
  const bad = items.findIndex((item) => !Number.isInteger(item) || item < 0 || item > 255);
  return bad === -1 ? Uint8Array.from(items) : fail(`${at}[${bad}]`, "a byte from 0 to 255");
};

/** An array of fixed length whose places have decoders of their own. */
export function tuple<D extends Decoder<unknown>[]>(
  ...decoders: D
): Decoder<{ [I in keyof D]: Of<D[I]> }> {
  return (json, at) => {
    if (!Array.isArray(json) || json.length !== decoders.length) {
      return fail(at, `an array of ${decoders.length}`);
    }
    return decoders.map((decoder, i) => decoder(json[i], `${at}[${i}]`)) as {
      [I in keyof D]: Of<D[I]>;
    };
  };
}

/** What `decoder` yields, made into something else; what `convert` throws becomes a fault of this place. */
export function converted<T, U>(decoder: Decoder<T>, convert: (value: T) => U): Decoder<U> {
  return (json, at) => {
    const value = decoder(json, at);
    try {
      return convert(value);
    } catch (error) {
      throw new TypeError(`Cannot decode ${at}: ${(error as Error).message}`);
    }
  };
}

/** An object used as a dictionary. */
export function map<T>(decoder: Decoder<T>): Decoder<Record<string, T>> {
  return (json, at) => {
    const out: Record<string, T> = {};
    for (const [key, value] of Object.entries(record(json, at))) {
      out[key] = decoder(value, `${at}.${key}`);
    }
    return out;
  };
}

type Fields = Record<string, Decoder<unknown>>;
type Extensions<F extends Fields> = {
  [K in keyof F]: unknown extends Of<F[K]> ? never : undefined extends Of<F[K]> ? K : never;
}[keyof F];
type ObjectOf<F extends Fields> =
  & { [K in Exclude<keyof F, Extensions<F>>]: Of<F[K]> }
  & { [K in Extensions<F>]?: Of<F[K]> };

/**
 * An object with exactly these fields read; a field whose decoder takes `undefined` may be absent.
 * Throws `Faults` where several are wrong.
 */
export function object<F extends Fields>(fields: F): Decoder<ObjectOf<F>> {
  const entries = Object.entries(fields);
  return (json, at) => {
    const from = record(json, at);
    const out: Record<string, unknown> = {};
    const faults = new Gathered();
    for (const [key, decoder] of entries) {
      const value = faults.try(decoder, from[key], `${at}.${key}`);
      if (value !== undefined) out[key] = value;
    }
    faults.throwAny();
    return out as ObjectOf<F>;
  };
}

/** `{"Name": payload}`, or `"Name"` where the payload is `unit`. */
export type Tagged<V extends Fields> = {
  [K in keyof V & string]: Of<V[K]> extends null ? K : { [P in K]: Of<V[K]> };
}[keyof V & string];

/** An enum: one decoder per variant name. */
export function tagged<V extends Fields>(variants: V): Decoder<Tagged<V>> {
  const names = Object.keys(variants);
  return (json, at) => {
    const name = typeof json === "string" ? json : soleKey(json, at);
    const decoder = Object.hasOwn(variants, name) ? variants[name] : undefined;
    if (decoder === undefined) {
      throw new TypeError(
        `Cannot decode ${at}: unknown variant \`${name}\`, expected one of ${
          names.map((n) => `\`${n}\``).join(", ")
        }`,
      );
    }
    if (typeof json === "string") {
      if (decoder !== unit) fail(`${at}.${name}`, "a payload");
      return name as Tagged<V>;
    }
    const payload = decoder((json as Record<string, unknown>)[name], `${at}.${name}`);
    return (decoder === unit ? name : { [name]: payload }) as Tagged<V>;
  };
}

/** The table that answers every variant of an enum; leaving one out is a compile error. */
export type Handlers<V extends Fields, Context, Result> = {
  [K in keyof V]: (payload: Of<V[K]>, context: Context) => Result;
};

/** Calls the handler of the variant that `value` is. */
export function dispatch<V extends Fields, Context, Result>(
  value: Tagged<V>,
  handlers: Handlers<V, Context, Result>,
  context: Context,
): Result {
  if (typeof value === "string") return handlers[value as keyof V](null as never, context);
  const name = Object.keys(value as object)[0] as keyof V & string;
  return handlers[name]((value as unknown as Record<string, never>)[name]!, context);
}

/** Parses JSON text and decodes it; both failures are one TypeError that names the place. */
export function decodeJson<T>(text: string, decoder: Decoder<T>, at = "body"): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TypeError(`Cannot decode ${at}: not JSON (${(error as Error).message})`);
  }
  return decoder(json, at);
}

function record(json: unknown, at: string): Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? json as Record<string, unknown>
    : fail(at, "an object");
}

function soleKey(json: unknown, at: string): string {
  const keys = Object.keys(record(json, at));
  if (keys.length !== 1) fail(at, `one variant, got ${keys.length} keys`);
  return keys[0]!;
}
