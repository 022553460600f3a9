// Threat: a dropped script that looks for a power that it was not given, through every name that it can reach.
// Each attempt prints `<name>: <what it saw>`; only "refused" and "absent" are harmless.
import { println } from "@kinode/process";

export const config = { on_exit: "None" } as const;

type Attempt = () => unknown;
const scope = globalThis as unknown as Record<string, unknown>;
const absent = (...names: string[]) =>
  names.map((name): [string, Attempt] => [`global ${name}`, () => scope[name]]);
const make = (of: unknown) =>
  (Object.getPrototypeOf(of) as { constructor: (code: string) => () => unknown }).constructor;

type Maker = new (url: string) => unknown;
type Nested = Record<string, (name: string) => unknown>;
/** `(module (import "Deno" "core" (func)))`. */
const wasmImporting = new WebAssembly.Module(
  new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0],
    ...[2, 13, 1, 4, 68, 101, 110, 111, 4, 99, 111, 114, 101, 0, 0],
  ]),
);

const attempts: [string, Attempt][] = [
  ...absent("Deno", "process", "require", "Worker", "SharedWorker", "BroadcastChannel", "caches"),
  ...absent("navigator", "postMessage", "onmessage", "close", "importScripts", "localStorage"),
  ...absent("sessionStorage", "indexedDB", "Buffer", "global", "nodeBootstrap"),
  ...absent("XMLHttpRequest", "Notification", "ShadowRealm", "WebTransport", "createRequire"),
  ...absent("prompt", "alert", "confirm", "gc", "exports", "module", "__filename", "__dirname"),
  ["eval", () => eval("1 + 1")],
  ["indirect eval", () => (0, eval)("1 + 1")],
  ["new Function", () => new Function("return 1")()],
  ["Function.prototype.constructor", () => Function.prototype.constructor("return 1")()],
  ["Reflect.construct of Function", () => Reflect.construct(Function, ["return 1"])()],
  ["Function of a bound function", () => make((() => {}).bind(null))("return 1")()],
  ["import() by new Function", () => make(() => {})("return im" + 'port("/etc/passwd")')()],
  ["async constructor", () => make(async () => {})("return 1")()],
  ["generator constructor", () => make(function* () {})("yield 1")()],
  ["async generator constructor", () => make(async function* () {})("yield 1")()],
  ["this of a sloppy function", () =>
    (function (this: unknown) {
      return (this as Record<string, unknown> | undefined)?.Deno;
    })()],
  ["prototype of the global", () => {
    for (let at = Object.getPrototypeOf(globalThis); at !== null; at = Object.getPrototypeOf(at)) {
      for (const name of ["postMessage", "close", "Deno", "process", "importScripts"]) {
        if (Object.hasOwn(at, name)) return name;
      }
    }
    return undefined;
  }],
  ["symbols of the global", () => {
    const values = Object.getOwnPropertySymbols(globalThis).map((symbol) => scope[symbol as never]);
    return values.find((value) => typeof value === "object" && value !== null && "core" in value);
  }],
  ["call sites", () => {
    let found: unknown;
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_error, sites) => {
      found = sites.map((site) => site.getFunction() ?? site.getThis()).find((one) =>
        typeof one === "object" && one !== null && ("Deno" in one || "postMessage" in one)
      );
    };
    void new Error().stack;
    Error.prepareStackTrace = before;
    return found;
  }],
  ["library internals", () => {
    const library = scope[Symbol.for("kinode.process") as never] as Record<string, unknown>;
    library.println = () => {};
    return Object.isFrozen(library) ? undefined : "the library can be changed";
  }],
  ["fetch of a file", () => fetch("file:///etc/passwd").then((response) => response.text())],
  [
    "EventSource of a file",
    () =>
      new Promise((_, reject) => {
        const source = new EventSource("file:///etc/passwd");
        source.onmessage = ({ data }) =>
          source.dispatchEvent(new MessageEvent("reached", { data }));
        source.onerror = () => {
          source.close();
          reject(new Error("it failed"));
        };
      }),
  ],
  ["fetch of a relative path", () => fetch("boot.ts").then((response) => response.text())],
  [
    "fetch of blob: that is another's",
    () => fetch("blob:null/00000000-0000-4000-8000-000000000000"),
  ],
  ["worker from data:", () => new (scope.Worker as Maker)("data:,")],
  ["worker from blob:", () => new (scope.Worker as Maker)(URL.createObjectURL(new Blob(["1"])))],
  ["process.binding", () => (scope.process as Nested).binding!("fs")],
  ["process.getBuiltinModule", () => (scope.process as Nested).getBuiltinModule!("node:fs")],
  ["module.createRequire", () => (scope.module as Nested).createRequire!("/")],
  ["wasm that imports the system", () => new WebAssembly.Instance(wasmImporting, {})],
  [
    "wasm compiled from a file",
    async () => WebAssembly.compileStreaming(await fetch("file:///etc/passwd")),
  ],
  ...[0, 1, 2].map((rid): [string, Attempt] => [`the node's standard stream ${rid}`, () => {
    const stream = new ReadableStream() as unknown as Record<symbol, unknown>;
    const backing = Object.getOwnPropertySymbols(stream)
      .find((symbol) => symbol.description === "[[resourceBacking]]");
    if (backing === undefined) return undefined;
    stream[backing] = { rid, autoClose: false };
    return new Response(stream as unknown as ReadableStream).text();
  }]),
  ["permissions in an Object.prototype", () => {
    Object.defineProperty(Object.prototype, "permissions", { value: "inherit" });
    return "Object.prototype takes new names";
  }],
  ["an index in an Array.prototype", () => {
    Object.defineProperty(Array.prototype, "0", { set() {} });
    return "Array.prototype takes new indexes";
  }],
  ["another Function.prototype.call", () => {
    Function.prototype.call = () => {};
    return "the runtime calls what a script gives it";
  }],
];

export async function init() {
  for (const [name, attempt] of attempts) {
    try {
      const seen = await attempt();
      println(
        `${name}: ${seen === undefined || seen === null ? "absent" : `REACHED ${String(seen)}`}`,
      );
    } catch (error) {
      println(`${name}: refused`);
      void error;
    }
  }
  println(`all ${attempts.length} tried`);
  // Last: Deno 2.9 refuses text at once, 2.4 tries to run it and is refused by an error that ends the process.
  try {
    setTimeout("globalThis.pwned = 1" as never, 0);
  } catch {
    println("timer from text: refused");
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  println(`text of a timer: ${scope.pwned === undefined ? "absent" : "REACHED"}`);
}
