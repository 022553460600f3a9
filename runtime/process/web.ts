/** The web's names that speak to the kernel instead of to the system. */
import { EventSource } from "./event_source.ts";
import { fetch } from "./fetch.ts";
import { Request } from "./web_request.ts";
import { Response } from "./web_response.ts";
import { WebSocket } from "./web_socket.ts";

/** Puts them on the global object, as the web has them: writable, configurable, not enumerable. */
export function installWeb(scope: typeof globalThis): void {
  for (
    const [name, value] of Object.entries({ EventSource, fetch, Request, Response, WebSocket })
  ) {
    Object.defineProperty(scope, name, { value, writable: true, configurable: true });
  }
}
