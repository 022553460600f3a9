/**
 * What every process's worker runs first. Its order is its law:
 *
 *   1. hold a Web Lock, without which terminating an endless loop would not free its core (design.md §4)
 *   2. wait for the port, keep it in a variable of this module, remove every power from the global object
 *   3. put the library, fetch and WebSocket there
 *   4. only then load the script, which came as the port's first frame, and run it
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import * as threads from "node:worker_threads";
import { PRINT_CHARS_MAX } from "../limits.ts";
import { Pieces } from "../protocol/large.ts";
import { type AliveFrame, type BootFrame, fromFrame, type ToProcess } from "../protocol/port.ts";
import { receive, Turns } from "../protocol/turn.ts";
import { keepBlobs } from "./blobs.ts";
import { Calls } from "./calls.ts";
import { consoleOf } from "./console.ts";
import { boundCrypto } from "./crypto.ts";
import { install } from "./current.ts";
import { describe } from "./describe.ts";
import { takeFaults } from "./faults.ts";
import { Heap } from "./heap.ts";
import { guardIntrinsics } from "./intrinsics.ts";
import { installWeb } from "./web.ts";
import { Mailbox } from "./mailbox.ts";
import * as library from "./mod.ts";
import { Outbox } from "./outbox.ts";
import { Printer } from "./printer.ts";
import { removePowers } from "./sandbox.ts";
import { boundReservations } from "./reservations.ts";
import { run, Unusable } from "./run.ts";
import { printToTerminal } from "./standard.ts";
import { closeStreams } from "./standard_streams.ts";

/** A base64 module URL: `blob:` is not importable in every Deno that we build with. */
function moduleUrl(code: string): string {
  const bytes = new TextEncoder().encode(code);
  let binary = "";
  const CHUNK = 0x8000; // More arguments in one call would overflow the stack.
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return `data:text/javascript;base64,${btoa(binary)}`;
}

const load = (code: string) => import(moduleUrl(code));

/** Takes every power away and puts there what a script finds: from here on its code may come. */
function furnish(scope: typeof globalThis, crash: (error: unknown) => void): void {
  takeFaults(scope, crash);
  closeStreams();
  boundCrypto(scope);
  keepBlobs(scope);
  boundReservations(scope);
  removePowers(scope);
  guardIntrinsics();
  const value = consoleOf((text) => printToTerminal(0, text));
  Object.defineProperty(scope, "console", { value, writable: true, configurable: true });
  Object.defineProperty(scope, Symbol.for("kinode.process"), {
    value: Object.freeze({ ...library }),
  });
  // What a bundle's `node:async_hooks` is (loader/node_names.ts): it cannot be written in JavaScript.
  Object.defineProperty(scope, Symbol.for("kinode.async_hooks"), {
    value: Object.freeze({ AsyncLocalStorage, AsyncResource }),
  });
  installWeb(scope);
}

function serve(port: MessagePort): void {
  const turns = new Turns();
  const post = port.postMessage.bind(port);
  const outbox = new Outbox(
    (data, transfer) => transfer === undefined ? post(data) : post(data, transfer),
    (run) => turns.atEnd(run),
  );
  const mailbox = new Mailbox((number) => outbox.done(number));
  const now = performance.now.bind(performance);
  const later = setTimeout.bind(globalThis) as (run: () => void, ms: number) => void;
  const printer = new Printer({ outbox, now, later });
  const calls = new Calls((frame) => outbox.offer(frame));
  const held = new Set<object>();
  const heap = new Heap();
  const pieces = new Pieces();
  const alive = (): AliveFrame => {
    const { heapBytes, bufferBytes } = heap.usage();
    const { taken } = pieces;
    return ["Alive", heapBytes, bufferBytes, mailbox.waiting, held.size, taken, outbox.given];
  };
  let ended = false;
  const end = (error: string, busy: boolean, unusable: boolean): void => {
    if (ended) return;
    ended = true;
    // What the kernel would cut off it need not copy.
    outbox.send(["Exit", error.slice(0, 2 * PRINT_CHARS_MAX), busy, unusable]);
    outbox.flush();
  };
  const crash = (error: unknown): void => {
    const unusable = Unusable.is(error);
    end(describe(unusable ? error.cause : error, "Uncaught "), mailbox.busy, unusable);
  };

  let booted = false;
  /** Once: its code is the loader's, which has sealed it (loader/seal.ts), and `import()` takes whatever it is given. */
  const boot = ([, our, code]: BootFrame): void => {
    if (booted) return;
    booted = true;
    // The script's time to start counts from here on, and not from when a worker was asked for.
    outbox.send(alive());
    outbox.flush();
    install({ our, mailbox, outbox, calls, printer, held });
    furnish(globalThis, crash);
    const returned = (): void => {
      // Or the next life would get the message that this one has handled.
      mailbox.finish();
      outbox.send(["Exit", null, false, false]);
    };
    run({ code, load, our, outbox }).then(returned, crash);
  };
  receive(port, (frames) => {
    const why = heap.whyOver();
    if (why !== null) return end(why, true, false);
    const posted = frames as ToProcess[];
    // By index: an iterator of the script's own would put frames of its own among them.
    for (let at = 0; at < posted.length; at++) {
      const arrived = posted[at]!;
      if (arrived[0] === "Piece") {
        pieces.add(arrived);
        continue;
      }
      const frame = pieces.fill(arrived);
      if (frame[0] === "Boot") boot(frame);
      else if (frame[0] === "Return") calls.settle(frame);
      else if (frame[0] === "Credit") outbox.credit(frame[1]);
      else if (frame[0] === "Ping") outbox.send(alive());
      else mailbox.receive(fromFrame(frame));
    }
  });
}

// Deno 2.4 has no locks: a binary built with it cannot free the core of an endless loop (design.md §4).
interface Locks {
  request(name: string, held: () => Promise<never>): Promise<never>;
}
const { locks } = threads as unknown as { locks?: Locks };
locks?.request(crypto.randomUUID(), () => new Promise(() => {}));
const parent = threads.parentPort!;
// Deno lets the first message of a worker wait for half a second, too: it is spent while the worker stands by.
parent.once("message", () => {
  parent.once("message", serve);
  parent.postMessage("ready");
});
parent.postMessage("booted");
