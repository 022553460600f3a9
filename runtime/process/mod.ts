/**
 * `@kinode/process`: what a kinode process imports. A script exports either `init`, a loop over messages, or
 * a default object with `fetch`, as Workers, Deno and Bun users know it.
 *
 * ```ts
 * import { awaitMessage, http, println } from "@kinode/process";
 *
 * export async function init(our: string) {
 *   println(`${our}: begin`);
 *   await http.bindHttpPath("/", false, false);
 *   while (true) {
 *     await awaitMessage();
 *     http.sendResponse(200, null, "hello");
 *   }
 * }
 * ```
 *
 * @module
 */
export * as http from "./http.ts";
export * as msgpack from "./msgpack.ts";
export { Address } from "./address.ts";
export { type Blob, Message, SendError } from "./message.ts";
export type { BlobInit } from "./builder.ts";
export { Request } from "./request.ts";
export { Response } from "./response.ts";
export { Capability } from "./capability.ts";
export { clearState, getState, setState } from "./state.ts";
export { getOnExit, type OnExit, setOnExit, spawn, type SpawnOptions } from "./lifecycle.ts";
export {
  canMessage,
  dropCapabilities,
  getCapability,
  ourCapabilities,
  saveCapabilities,
} from "./capability.ts";
export {
  awaitMessage,
  awaitNextMessageBody,
  getBlob,
  hasBlob,
  lastBlob,
  our,
  println,
  printToTerminal,
  processPrintln,
} from "./standard.ts";
export {
  receive,
  type RequestInit,
  type ResponseInit,
  sendAndAwaitResponse,
  sendRequest,
  sendRequests,
  sendResponse,
} from "./host.ts";
export { getTypedBlob, getTypedState, makeBlob } from "./typed.ts";
export type { ServerWebSocket, WebSocketHandlers } from "./server_web_socket.ts";
export type { WebStyle } from "./web_style.ts";
