/**
 * `http` of `@kinode/process`: serving and calling, HTTP and WebSockets, with the names of Kinode's library.
 * What it throws and hears is worded as Kinode 0.9 words it, because it speaks to `http_server:distro:sys`
 * and `http_client:distro:sys`, whose messages bear these names.
 *
 * ```ts
 * import { awaitMessage, http } from "@kinode/process";
 *
 * export async function init() {
 *   await http.bindHttpPath("/", false, false);
 *   while (true) {
 *     const request = http.HttpServerRequest.parse(await awaitMessage());
 *     if ("Http" in request) http.sendResponse(200, null, `hello ${request.Http.path}`);
 *   }
 * }
 * ```
 *
 * @module
 */
export * as client from "./http_client_names.ts";
export {
  closeWsConnection,
  type HttpClientAnswer,
  HttpClientError,
  openWsConnection,
  sendRequest,
  sendRequestAwaitResponse,
  sendWsClientPush,
  type WsMessageType,
} from "./http_client.ts";
export * from "./http_server.ts";
export { HttpServerRequest, IncomingHttpRequest } from "./http_server_request.ts";
export { getMimeType } from "./mime_type.ts";
