/** Names of other runtimes that no process has, and what there is instead. */

const { ReferenceError } = globalThis;

const BROWSER = "is a browser's, and a process has no page";
const SERVES = "`export default { fetch(request) }` serves";
const KEEPS = "setState() of @kinode/process keeps bytes";

/** What stands behind the name: "a process has no Deno: …". */
const INSTEAD: Readonly<Record<string, string>> = {
  Deno: `a process has no Deno: ${SERVES}, instead of Deno.serve(handler); ${KEEPS}`,
  Bun: `a process has no Bun: ${SERVES}, instead of Bun.serve({ fetch }); ${KEEPS}`,
  Buffer: 'import { Buffer } from "node:buffer"',
  HTMLRewriter: "HTMLRewriter is Cloudflare's own",
  WebSocketPair: "`export default { websocket: { open, message, close } }` serves WebSockets",
  Worker: "spawn() of @kinode/process starts another script",
  XMLHttpRequest: "fetch() calls other servers",
  __dirname: 'import what lies beside the script: `import text from "./file.txt"`',
  __filename: 'import what lies beside the script: `import text from "./file.txt"`',
  alert: "console.log() prints to the node's terminal",
  caches: `a process has no cache of answers: ${KEEPS}`,
  clearImmediate: 'import { clearImmediate } from "node:timers"',
  document: `document ${BROWSER}`,
  localStorage: KEEPS,
  location: "`request.url` says what the client has asked for",
  navigator: `navigator ${BROWSER}`,
  process: 'import process from "node:process"',
  scheduler: "`await new Promise((resolve) => setTimeout(resolve, ms))` waits",
  sessionStorage: KEEPS,
  setImmediate: 'import { setImmediate } from "node:timers"',
  window: `window ${BROWSER}; \`globalThis\` is the global object`,
};

/** What to write instead of the name that `error` misses; `null` if it misses none of these. */
export function hintFor(error: unknown): string | null {
  if (!(error instanceof ReferenceError)) return null;
  const name = /^(\w+) is not defined$/.exec(String(error.message))?.[1] ?? "";
  return Object.hasOwn(INSTEAD, name) ? INSTEAD[name]! : null;
}
