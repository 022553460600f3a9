/** A WebSocket to a server that comes back when the connection is lost. */
import { current } from "./current.ts";
import { WebSocket } from "./web_socket.ts";
import type { WebSocketOptions } from "./web_socket_arguments.ts";

/** How long to wait between two attempts: `minSeconds` at first, twice as long each time, `maxSeconds` at most. */
export interface Reconnect {
  /** 1 if not given. */
  minSeconds?: number;
  /** 60 if not given. */
  maxSeconds?: number;
}

export interface ConnectOptions extends WebSocketOptions {
  /** Off if not given: then a connection that is lost is over. `true`: after 1 s, 2 s, 4 s … 60 s. */
  reconnect?: boolean | Reconnect;
}

/** An end of a connection. `retryMs`: how long until it is tried again; `null`: never. */
export class DisconnectEvent extends CloseEvent {
  constructor(init: CloseEventInit, readonly retryMs: number | null) {
    super("close", init);
  }
}

const MIN_SECONDS = 1;
const MAX_SECONDS = 60;
/** setTimeout takes no more than 24.8 days; a day is longer than anybody waits. */
const SECONDS_MAX = 86_400;
const CLOSED = 3;

/**
 * What `connect()` returns. Events: `open` (an Event) each time that it is connected, `message` (a MessageEvent: text, or
 * an ArrayBuffer), `close` (a DisconnectEvent) each time that it is not any more or could not be. What is sent while it
 * is not connected is refused: nothing waits unseen.
 */
export class Connection extends EventTarget {
  readonly url: string;
  readonly #options: ConnectOptions;
  readonly #reconnect: Required<Reconnect> | null;
  #socket!: WebSocket;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;
  #isOver = false;

  constructor(url: string | URL, options: ConnectOptions) {
    super();
    this.#options = options;
    this.#reconnect = reconnectOf(options.reconnect);
    this.#connect(url);
    this.url = this.#socket.url;
    current().held.add(this); // Who wants to be connected does not sleep.
  }

  /** As a WebSocket's: 0 connecting, 1 open, 2 closing, 3 closed; while it waits for its next attempt it is 3. */
  get readyState(): number {
    return this.#socket.readyState;
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Throws an InvalidStateError where it is not connected. */
  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.readyState !== 1) {
      throw new DOMException("Cannot send: it is not connected now", "InvalidStateError");
    }
    this.#socket.send(data);
  }

  /** For good. Code and reason as a WebSocket's. */
  close(code?: number, reason?: string): void {
    const waits = this.readyState === CLOSED && !this.#isOver;
    this.#socket.close(code, reason);
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (waits) this.#lost({ code: code ?? 1005, reason, wasClean: true });
  }

  #connect(url: string | URL): void {
    const socket = new WebSocket(url, this.#options);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    let openedAt = Infinity;
    socket.addEventListener("open", () => {
      openedAt = performance.now();
      this.dispatchEvent(new Event("open"));
    });
    socket.addEventListener("message", (event) => {
      const { data, origin } = event as MessageEvent;
      this.dispatchEvent(new MessageEvent("message", { data, origin }));
    });
    socket.addEventListener("close", (event) => {
      // Who is let in and thrown out at once is to wait longer and longer, too.
      const heldMs = performance.now() - openedAt;
      if (heldMs > (this.#reconnect?.minSeconds ?? 0) * 1000) this.#attempts = 0;
      const { code, reason, wasClean } = event as CloseEvent;
      this.#lost({ code, reason, wasClean });
    });
  }

  #lost(end: CloseEventInit): void {
    const retries = !this.#isOver && this.#reconnect !== null;
    const retryMs = retries ? this.#nextMs(this.#reconnect!) : null;
    if (retryMs === null) {
      this.#isOver = true;
      current().held.delete(this);
    } else {
      this.#timer = setTimeout(() => this.#connect(this.url), retryMs);
    }
    this.dispatchEvent(new DisconnectEvent(end, retryMs));
  }

  /** Half of it is left to chance, so that all who lost a server do not come back at once. */
  #nextMs({ minSeconds, maxSeconds }: Required<Reconnect>): number {
    const seconds = Math.min(maxSeconds, minSeconds * 2 ** this.#attempts++);
    return Math.round(seconds * 1000 * (0.5 + Math.random() / 2));
  }
}

/**
 * Connects to a WebSocket server, and with `reconnect` again whenever the connection is lost.
 *
 * ```ts
 * import { http, println } from "@kinode/process";
 *
 * const prices = http.client.connect("ws://localhost:8765", { reconnect: true });
 * prices.addEventListener("open", () => prices.send("subscribe"));
 * prices.addEventListener("message", (event) => println((event as MessageEvent<string>).data));
 * prices.addEventListener("close", (event) => {
 *   println(`again in ${(event as http.client.DisconnectEvent).retryMs} ms`);
 * });
 * ```
 *
 * Throws a SyntaxError for a URL or subprotocol that is none, a RangeError for seconds that cannot be waited.
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Connection {
  return new Connection(url, options);
}

function reconnectOf(given: ConnectOptions["reconnect"]): Required<Reconnect> | null {
  if (given === undefined || given === false) return null;
  const { minSeconds = MIN_SECONDS, maxSeconds = MAX_SECONDS } = given === true ? {} : given;
  if (!(minSeconds > 0 && minSeconds <= maxSeconds && maxSeconds <= SECONDS_MAX)) {
    throw new RangeError(
      `Cannot reconnect between ${minSeconds} and ${maxSeconds} s: give two numbers above 0 and up to ` +
        `${SECONDS_MAX}, the smaller first`,
    );
  }
  return { minSeconds, maxSeconds };
}
