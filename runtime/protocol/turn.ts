/**
 * When a turn of the event loop has ended, for both ends of a port: what was sent within it crosses in one
 * post. A message to oneself runs after the turn's microtasks and ready callbacks; `setTimeout(0)` waits a
 * millisecond and so does `setImmediate` in Deno 2.4, and a microtask ends no turn: it would post one by one
 * (28 k against 35 k HTTP requests/s through a process, Deno 2.9.6).
 */

// Taken before a script can replace them.
const { apply } = Reflect;

export class Turns {
  readonly #channel = new MessageChannel();
  readonly #wake: (data: null) => void;
  #waiting: (() => void)[] = [];
  /** The first of them is next, or runs. */
  readonly #alone: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const { port1, port2 } = this.#channel;
    this.#wake = port2.postMessage.bind(port2);
    receive(port1, () => {
      const runs = this.#waiting;
      this.#waiting = [];
      for (const run of runs) run();
    });
  }

  /** Runs `run` when the current turn has ended. */
  atEnd(run: () => void): void {
    if (this.#waiting.push(run) === 1) this.#wake(null);
  }

  /**
   * Runs `run` in a turn of its own, behind those that were asked for before. A timer, for sockets have their turn
   * between two of them; while a port has messages, also one's own, Deno serves none (bench/flood.ts).
   */
  alone(run: () => void): void {
    if (this.#alone.push(run) === 1) this.#later();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#channel.port1.close();
    this.#channel.port2.close();
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#alone[0]!();
      this.#alone.shift();
      if (this.#alone.length > 0) this.#later();
    }, 0);
  }
}

// Taken before a script can replace it: a getter of its own would be shown the event, and could change what it holds.
const typeOf = Object.getOwnPropertyDescriptor(Event.prototype, "type")!.get!;

/**
 * Takes what comes out of a port. Deno hands an event to the port's own `dispatchEvent`: with one of its own the
 * port itself is shown to nobody, whatever a script makes of `EventTarget.prototype` and of events.
 */
export function receive(port: MessagePort, take: (data: unknown) => void): void {
  Object.defineProperty(port, "dispatchEvent", {
    value: (event: MessageEvent) => {
      const { data } = event;
      if (apply(typeOf, event, []) === "message") take(data);
      return true;
    },
  });
  port.onmessage = (event) => take(event.data);
}
