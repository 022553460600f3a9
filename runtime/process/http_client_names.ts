/** `http.client` of `@kinode/process`. */
export * from "./connect.ts";
export {
  closeWsConnection,
  type HttpClientAnswer,
  HttpClientError,
  HttpClientRequest,
  openWsConnection,
  sendRequest,
  sendRequestAwaitResponse,
  sendWsClientPush,
  type WsMessageType,
  type WsOpened,
} from "./http_client.ts";
