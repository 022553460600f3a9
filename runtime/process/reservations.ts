/**
 * Address space, of which the whole program has one: each WebAssembly memory reserves about 10 GB of it, and a buffer
 * that may grow reserves all that it may grow to. When it is used up V8 ends the program, not the process. So a
 * process has so many memories, one in each module, and buffers have one size.
 *
 * Nothing here is looked up when a script calls it: the script may have replaced what would be found.
 */
import { WASM_MEMORIES_MAX } from "../limits.ts";

const { apply, construct, ownKeys } = Reflect;
const Bytes = Uint8Array;
const { isView } = ArrayBuffer;
const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const bufferOf = getterOf(typedArray, "buffer");
const offsetOf = getterOf(typedArray, "byteOffset");
const lengthOf = getterOf(typedArray, "byteLength");

// deno-lint-ignore no-explicit-any
type Construct = (...given: any[]) => any;
/** What `instantiate` and `compile` take in JavaScript. */
type Given = unknown[];

export function boundReservations(scope: typeof globalThis): void {
  const { WebAssembly: wasm } = scope;
  for (const name of ["ArrayBuffer", "SharedArrayBuffer"] as const) replace(scope, name, fixedSize);
  const { compile, instantiate } = wasm;
  const isModule = brandOf(wasm.Module.exports);
  const memories = new Memories(wasm);
  replace(wasm, "Memory", (make) => (...given) => memories.add(() => make(...given)));
  replace(wasm, "Instance", (make) => (...given) => memories.addInstance(() => make(...given)));
  replace(wasm, "Module", (make) => (source, ...rest) => make(checkedModule(source), ...rest));
  define(wasm, "compile", async (...[source, ...rest]: Given) => {
    return await apply(compile, wasm, [checkedModule(source), ...rest]);
  });
  define(wasm, "instantiate", async (...[source, ...rest]: Given) => {
    const leave = memories.enter();
    try {
      const given = isModule(source) ? source : checkedModule(source);
      const made = await apply(instantiate, wasm, [given, ...rest]);
      memories.addInstance(() => isModule(source) ? made : made.instance);
      return made;
    } finally {
      leave();
    }
  });
  // They would read the bytes past the check. Whoever uses them can do without.
  for (const name of ["compileStreaming", "instantiateStreaming"]) {
    Reflect.deleteProperty(wasm, name);
  }
}

/** Whether a value is what a built-in function takes: `instanceof` asks the script. */
function brandOf(takes: (of: never) => unknown): (value: unknown) => boolean {
  return (value) => {
    try {
      apply(takes, null, [value]);
      return true;
    } catch {
      return false;
    }
  };
}

/** Buffers that cannot grow. */
function fixedSize(make: Construct): Construct {
  return (length, options) => {
    const most = (options as { maxByteLength?: unknown } | undefined)?.maxByteLength;
    if (most === undefined) return make(length);
    throw new RangeError("Cannot reserve maxByteLength: in a process buffers have one size");
  };
}

/** How many memories, and instances that may hold one, are alive. */
class Memories {
  #alive = 0;
  readonly #watch: (memory: object) => void;
  readonly #exportsOf: (instance: object) => Record<PropertyKey, unknown>;
  readonly #isMemory: (value: unknown) => boolean;

  constructor({ Instance, Memory }: typeof WebAssembly) {
    const registry = new FinalizationRegistry<null>(() => void this.#alive--);
    const { register } = registry;
    this.#watch = (memory) => apply(register, registry, [memory, null]);
    const exports = getterOf(Instance.prototype, "exports");
    this.#exportsOf = (instance) => apply(exports, instance, []) as Record<PropertyKey, unknown>;
    const buffer = getterOf(Memory.prototype, "buffer");
    this.#isMemory = brandOf((value) => apply(buffer, value, []));
  }

  /** Takes a place for as long as `leave` is not called; throws a RangeError when there is none. */
  enter(): () => void {
    if (this.#alive >= WASM_MEMORIES_MAX) {
      throw new RangeError(
        `Cannot make another WebAssembly memory or instance: ${WASM_MEMORIES_MAX} are in use`,
      );
    }
    this.#alive++;
    return () => void this.#alive--;
  }

  add<T extends object>(make: () => T): T {
    const leave = this.enter();
    try {
      return this.#count(make());
    } finally {
      leave();
    }
  }

  /** Its memory lives on without it where it is exported. */
  addInstance<T extends object>(make: () => T): T {
    const instance = this.add(make);
    const exports = this.#exportsOf(instance);
    const names = ownKeys(exports);
    for (let at = 0; at < names.length; at++) {
      const value = exports[names[at]!];
      if (this.#isMemory(value)) this.#count(value as object);
    }
    return instance;
  }

  #count<T extends object>(made: T): T {
    this.#alive++;
    this.#watch(made);
    return made;
  }
}

/** A copy of the module's bytes, which has one memory at most; what is no module is V8's to refuse. */
function checkedModule(source: unknown): unknown {
  const bytes = copyOf(source);
  if (bytes !== null && memoriesOf(bytes) > 1) {
    throw new RangeError("Cannot compile: in a process a module has one memory");
  }
  return bytes ?? source;
}

function copyOf(source: unknown): Uint8Array | null {
  try {
    const view = isView(source) && !(source instanceof DataView)
      ? new Bytes(
        apply(bufferOf, source, []) as ArrayBuffer,
        apply(offsetOf, source, []) as number,
        apply(lengthOf, source, []) as number,
      )
      : new Bytes(source as ArrayBuffer);
    return new Bytes(view);
  } catch {
    return null;
  }
}

const MEMORY_SECTION = 5;
const HEADER_BYTES = 8;

/** Entries of the memory sections: `id size content`, all numbers in LEB128. */
function memoriesOf(bytes: Uint8Array): number {
  let memories = 0;
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const id = bytes[at];
    const size = leb(bytes, at + 1);
    if (id === MEMORY_SECTION) memories += leb(bytes, size.end).value;
    at = size.end + size.value;
  }
  return memories;
}

function leb(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let scale = 1;; scale *= 128) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end: at };
  }
}

/** Puts another constructor in the place of one, for everybody who looks for it. */
function replace<T extends object>(
  on: T,
  name: keyof T & string,
  change: (make: Construct) => Construct,
): void {
  const native = on[name] as new (...given: unknown[]) => object;
  const own = new Proxy(native, {
    // @ts-expect-error A trap that the script could add is none.
    __proto__: null,
    construct: (_native, given, target) =>
      change((...checked) => construct(native, checked, target))(...given),
  });
  define(on, name, own);
  define(native.prototype, "constructor", own);
}

function define(on: object, name: string, value: unknown): void {
  Object.defineProperty(on, name, { value, writable: true, configurable: true });
}

function getterOf(prototype: object, name: string): () => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}
