/** The listener of loopback: Deno.serve, the fast path (design.md §4, "The front door"). */
import { HTTP_CLOSE_SECONDS } from "../../limits.ts";
import type { RequestHandler, Upgrade, UpgradeOptions } from "./handler.ts";
import { DenoSocket } from "./server_socket.ts";
import type { HttpSettings } from "./settings.ts";

export class Listener {
  readonly #handler: RequestHandler;
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;

  readonly #settings: HttpSettings;

  constructor(handler: RequestHandler, settings: HttpSettings) {
    this.#handler = handler;
    this.#settings = settings;
  }

  /** Returns the port. Throws Deno.errors.AddrInUse when it is taken. */
  listen({ hostname, port }: { hostname: string; port: number }): number {
    this.#server = Deno.serve(
      {
        hostname,
        port,
        // By type, size and `q`, flushed piece by piece, no event streams; not by us, but outside of JavaScript.
        automaticCompression: this.#settings.compression,
        onListen() {},
        onError: (error) => this.#handler.failed(error),
      } as Deno.ServeTcpOptions,
      (request, info) => this.#handler.handle(request, info.remoteAddr, tryUpgradeWebSocket),
    );
    return this.#server.addr.port;
  }

  /**
   * Takes no more requests, says 1001 to every WebSocket (Deno does), lets answers under way leave. A client
   * that stalls is not waited for: the end of the binary closes its connection.
   */
  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, HTTP_CLOSE_SECONDS * 1000);
    await Promise.race([this.#server.shutdown(), late.promise]);
    clearTimeout(timer);
  }
}

function tryUpgradeWebSocket(
  request: Request,
  { keepaliveSeconds, protocol }: UpgradeOptions,
): ReturnType<Upgrade<Request>> {
  try {
    if (protocol !== "") offerOnly(request, protocol);
    // Kinode closes no idle socket; Deno's default is 120 s.
    const options = { idleTimeout: keepaliveSeconds, protocol };
    const { socket, response } = Deno.upgradeWebSocket(request, options);
    return { socket: new DenoSocket(socket), response };
  } catch {
    return null;
  }
}

/** Deno finds a name only in a list with spaces, and npm's `ws` sends none (2.4.2, 2.9.6): it sees a list of one. */
function offerOnly(request: Request, protocol: string): void {
  const headers = new Headers(request.headers);
  headers.set("sec-websocket-protocol", protocol);
  Object.defineProperty(request, "headers", { value: headers });
}
