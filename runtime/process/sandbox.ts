/**
 * What a script finds on its global object: the language and the web platform's harmless half. Everything
 * else is removed before any of its code is loaded, so a name that a new Deno adds is absent until it is
 * listed here.
 */
const language = [
  "AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean",
  "DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array",
  "Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise",
  "Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol",
  "SyntaxError Temporal TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap",
  "WeakRef WeakSet WebAssembly decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval",
  "globalThis isFinite isNaN parseFloat parseInt undefined unescape",
];

const web = [
  "AbortController AbortSignal Blob ByteLengthQueuingStrategy CloseEvent CompressionStream",
  "CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream ErrorEvent Event",
  "EventTarget File FileReader FormData Headers MessageChannel MessageEvent MessagePort Performance",
  "PerformanceEntry PerformanceMark PerformanceMeasure ProgressEvent PromiseRejectionEvent",
  "QuotaExceededError ReadableByteStreamController ReadableStream ReadableStreamBYOBReader",
  "ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request Response",
  "SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream",
  "TransformStreamDefaultController URL URLPattern URLSearchParams WritableStream",
  "WritableStreamDefaultController WritableStreamDefaultWriter addEventListener atob btoa clearInterval",
  "clearTimeout console crypto dispatchEvent performance queueMicrotask removeEventListener reportError",
  "setInterval setTimeout structuredClone",
];

const allowed: ReadonlySet<PropertyKey> = new Set([...language, ...web].join(" ").split(" "));

/** The levels of `console` and the verbosity at which the terminal shows them. */
const consoleLevels = { debug: 1, log: 0, info: 0, warn: 0, error: 0 } as const;

/** Removes every power from `scope`; throws if one of them cannot be removed. */
export function removePowers(scope: typeof globalThis): void {
  for (
    let at: object | null = scope;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (at !== scope && !(name in powersOfPrototypes)) continue;
      if (at === scope && allowed.has(name)) continue;
      if (!Reflect.deleteProperty(at, name)) throw new Error(`the power ${name} cannot be removed`);
    }
  }
  Object.defineProperty(scope, "self", { value: scope, writable: true, configurable: true });
}

/** Names that a prototype of the global object must not bring back. */
const powersOfPrototypes = { postMessage: true, close: true, importScripts: true };

/** Makes `console` print through the kernel, each call one print. */
export function redirectConsole(
  scope: typeof globalThis,
  format: (values: unknown[]) => string,
  print: (verbosity: 0 | 1, text: string) => void,
): void {
  const quiet = () => {};
  const console: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(scope.console)) console[name] = quiet;
  for (const [level, verbosity] of Object.entries(consoleLevels)) {
    console[level] = (...values: unknown[]) => print(verbosity, format(values));
  }
  console.trace = (...values: unknown[]) =>
    print(0, `Trace: ${format(values)}\n${new Error().stack ?? ""}`);
  console.assert = (condition: unknown, ...values: unknown[]) => {
    if (!condition) print(0, `Assertion failed: ${format(values)}`);
  };
  Object.defineProperty(scope, "console", { value: console, writable: true, configurable: true });
}
