// What a walk over prototypes, getters and constructors reaches, and which of it is a power.

/** Taken before anything is poisoned. */
const { apply, construct, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
export type Any = Record<PropertyKey, unknown>;
export const isObject = (value: unknown): value is Any =>
  typeof value === "object" && value !== null || typeof value === "function";

/** A thing that has one of these is, or leads to, the system. */
const KEYS = new Set(
  ("core ops __bootstrap bootstrap primordials internals permissions mainModule readFile readFileSync readTextFile " +
    "writeFile openSync dlopen Command env exit pid kill binding _linkedBinding getBuiltinModule " +
    "createRequire require parentPort workerData resourceLimits importScripts serve listen connectTls umask chdir")
    .split(" "),
);
/** A function or class of this name is a power, wherever it hangs. */
const NAMES =
  /^(op_.*|Worker|SharedWorker|BroadcastChannel|importScripts|require|createRequire|Command|FsFile|TcpConn|UdpConn|Listener|Permissions|LockManager|CacheStorage|Storage|Process|ChildProcess|NodeWorker|inspect)$/;

/** Ports that the script made itself. */
export const own = new Set<unknown>();

function judge(path: string, value: Any, found: string[]): void {
  let name = "";
  try {
    name = String(getOwnPropertyDescriptor(value, "name")?.value ?? "");
  } catch { /* a proxy of the script's own */ }
  if (typeof value === "function" && NAMES.test(name)) found.push(`${path} is ${name}`);
  for (const key of ownKeys(value)) {
    // Leaving a store of AsyncLocalStorage is called `exit`.
    if (key === "exit" && /\bAsyncLocalStorage\b/.test(path)) continue;
    if (typeof key === "string" && KEYS.has(key)) found.push(`${path} has ${key}`);
  }
  const maker = (getPrototypeOf(value) as Any | null)?.constructor as { name?: string } | undefined;
  if (typeof maker?.name === "string" && NAMES.test(maker.name)) {
    found.push(`${path} is a ${maker.name}`);
  }
  if (
    maker?.name === "MessagePort" && !own.has(value) && value !== MessagePort.prototype as never
  ) {
    found.push(`${path} is a port that is not the script's`);
  }
}

/** What of all that can be reached is a power, and how much was looked at. */
export function walk(roots: [string, unknown][]): { found: string[]; seen: number } {
  const seen = new Set<unknown>();
  const found: string[] = [];
  const queue = roots.slice();
  const visit = (path: string, value: unknown) => {
    if (isObject(value) && !seen.has(value)) {
      seen.add(value);
      queue.push([path, value]);
    }
  };
  for (const [, value] of roots) seen.add(value);
  for (let at = 0; at < queue.length && at < 60_000; at++) {
    const [path, value] = queue[at]!;
    if (!isObject(value)) continue;
    try {
      judge(path, value, found);
      visit(`${path}.__proto__`, getPrototypeOf(value));
      const keys = ownKeys(value);
      if (keys.length > 2_000) continue; // Bytes, and lists of the script's own.
      for (const key of keys) {
        const here = `${path}.${String(key)}`;
        const member = getOwnPropertyDescriptor(value, key);
        visit(here, member?.value);
        visit(`get ${here}`, member?.get);
        visit(`set ${here}`, member?.set);
        if (member?.get === undefined) continue;
        try {
          const got = apply(member.get, value, []);
          if (got instanceof Promise) got.catch(() => {});
          visit(here, got);
        } catch { /* A getter for another receiver. */ }
      }
      if (
        typeof value === "function" && !/^(?:library|timer|interval)|kinode\.process/.test(path)
      ) {
        try {
          const made = construct(value as never, []);
          own.add(made);
          if (made instanceof Promise) made.catch(() => {});
          if (made instanceof MessageChannel) own.add(made.port1).add(made.port2);
          visit(`new ${path}`, made);
        } catch { /* No constructor, or one that wants arguments. */ }
      }
    } catch (error) {
      found.push(`${path} cannot be looked at: ${error}`);
    }
  }
  return { found, seen: seen.size };
}
