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
