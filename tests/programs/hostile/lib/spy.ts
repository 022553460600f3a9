// Puts a spy into every built-in function that a script can replace.
import { type Any, isObject } from "./walk.ts";

const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } =
  Reflect;
type Method = (...given: unknown[]) => unknown;
type Quietly = (path: string, values: unknown[]) => void;

/** Every function that hangs on what a walk can see becomes one that notes what it is given; returns the undoing. */
export function spy(note: (path: string, value: unknown) => void): () => void {
  const undo: (() => void)[] = [];
  let noting = false;
  const quietly: Quietly = (path, values) => {
    if (noting) return;
    noting = true;
    for (const value of values) note(path, value);
    noting = false;
  };
  for (const [holder, name] of holders()) {
    for (const key of ownKeys(holder)) {
      const member = getOwnPropertyDescriptor(holder, key)!;
      if (!member.configurable || key === "constructor") continue;
      const path = `${name}.${String(key)}`;
      const next = { ...member };
      if (typeof member.value === "function") {
        next.value = wrapped(path, member.value as Method, quietly);
      }
      if (member.get !== undefined) next.get = wrapped(`get ${path}`, member.get, quietly) as never;
      if (member.set !== undefined) {
        next.set = wrapped(`set ${path}`, member.set as Method, quietly) as never;
      }
      defineProperty(holder, key, next);
      undo.push(() => defineProperty(holder, key, member));
    }
  }
  lookups(quietly, undo);
  return () => undo.forEach((one) => one());
}

function wrapped(path: string, to: Method, quietly: Quietly): Method {
  const handler = {
    __proto__: null,
    apply(_to: unknown, self: unknown, given: unknown[]) {
      const result = apply(to, self, given);
      quietly(path, [self, given, result]);
      return result;
    },
    construct(_to: unknown, given: unknown[], target: never) {
      const result = construct(to, given, target);
      quietly(`new ${path}`, [given, result]);
      return result;
    },
  };
  return new Proxy(to, handler as never) as Method;
}

/** Everything that has built-in functions, with its name. */
function holders(): Map<Any, string> {
  const all = new Map<Any, string>();
  for (const name of ownKeys(globalThis)) {
    const value = getOwnPropertyDescriptor(globalThis, name)?.value;
    if (!isObject(value) || value === globalThis || name === "console") continue;
    all.set(value, String(name));
    const prototype = getOwnPropertyDescriptor(value, "prototype")?.value;
    if (isObject(prototype)) all.set(prototype, `${String(name)}.prototype`);
  }
  for (
    const [of, name] of [
      [[][Symbol.iterator](), "ArrayIterator"],
      [new Map().entries(), "MapIterator"],
      [new Set().values(), "SetIterator"],
      [(function* () {})(), "Generator"],
      [(async function* () {})(), "AsyncGenerator"],
      [new Uint8Array(), "TypedArray"],
      [async function () {}, "AsyncFunction"],
    ] as const
  ) {
    let at = getPrototypeOf(of) as Any | null;
    for (let up = 0; at !== null && up < 3; up++, at = getPrototypeOf(at) as Any | null) {
      if (at !== Object.prototype as never) all.set(at, `${name} ${up}`);
    }
  }
  return all;
}

/** What an internal list or a resolved promise shows when a name is looked up or set on it. */
function lookups(quietly: Quietly, undo: (() => void)[]): void {
  for (
    const key of ["0", "1", "2", "then", "get", "set", "value", "callback", "port", "ops", "core"]
  ) {
    const put = defineProperty(Object.prototype, key, {
      __proto__: null,
      configurable: true,
      get(this: unknown) {
        quietly(`lookup of ${key}`, [this]);
        return undefined;
      },
      set(this: unknown, value: unknown) {
        quietly(`setting of ${key}`, [this, value]);
        const own = {
          __proto__: null,
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        };
        defineProperty(this as Any, key, own);
      },
    } as PropertyDescriptor);
    if (put) undo.push(() => delete (Object.prototype as unknown as Any)[key]);
  }
}
