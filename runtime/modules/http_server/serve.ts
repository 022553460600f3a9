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
      (request, info) => {
        const answer = this.#handler.handle(request, info.remoteAddr, tryUpgradeWebSocket);
        return isHttp2Head(request) ? withoutBody(answer) : answer;
      },
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

/** HTTP/2 has its authority where HTTP/1.1 has Host. */
function isHttp2Head({ method, headers }: Request): boolean {
  return method === "HEAD" && !headers.has("host");
}

/** Deno leaves the body of a HEAD's answer out of HTTP/1.1, but sends it over HTTP/2, where it is an error of the stream. */
async function withoutBody(answer: Response | Promise<Response>): Promise<Response> {
  const { status, headers, body } = await answer;
  await body?.cancel();
  return new Response(null, { status, headers });
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
