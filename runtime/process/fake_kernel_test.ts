// The other end of a process's port, for unit tests: what the process sends comes out of next(), what the
// kernel would deliver goes in with answer() and tell().
//
//   const kernel = new FakeKernel();
//   const bound = bindHttpPath("/");
//   kernel.answer(await kernel.next(), '{"Ok":null}');
//   await bound;

import { type Address, addressOf, parseProcessId } from "../protocol/address.ts";
import {
  type KernelMessage,
  type LazyLoadBlob,
  request,
  responseTo,
  type SendErrorReason,
} from "../protocol/message.ts";
import { fromFrame, type MessageFrame, type PrintFrame } from "../protocol/port.ts";
import type { CallFrame } from "../protocol/host.ts";
import { Calls } from "./calls.ts";
import { install } from "./current.ts";
import { Mailbox } from "./mailbox.ts";
import { Outbox } from "./outbox.ts";
import { Printer } from "./printer.ts";

export const OUR = addressOf("fake.dev", parseProcessId("test:test:template.os"));

export class FakeKernel {
  readonly process;
  readonly calls: Calls;
  /** Host calls that the process has made. */
  readonly called: CallFrame[] = [];
  /** What the process has printed. */
  readonly lines: string[] = [];
  /** Told the numbers of messages that the process has finished. */
  onDone: (numbers: number[]) => void = () => {};
  readonly #sent: KernelMessage[] = [];
  #wake: (() => void) | null = null;

  constructor() {
    const soon = (run: () => void) => queueMicrotask(run);
    const outbox: Outbox = new Outbox((post) => this.#receive(post as unknown[]), soon);
    const mailbox = new Mailbox((number) => outbox.done(number));
    this.calls = new Calls((frame) => outbox.send(frame));
    const printer = new Printer({ outbox, now: () => 0, later: () => {} });
    this.process = {
      our: OUR,
      mailbox,
      outbox,
      calls: this.calls,
      printer,
      held: new Set<object>(),
    };
    install(this.process);
  }

  /** The next message that the process has sent or sends. */
  async next(): Promise<KernelMessage> {
    while (this.#sent.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#sent.shift()!;
  }

  /** The process has sent nothing that next() has not given. */
  get silent(): boolean {
    return this.#sent.length === 0;
  }

  /** The response of whoever the request was sent to. */
  answer(
    to: KernelMessage,
    body: string,
    blob: LazyLoadBlob | null = null,
    metadata: string | null = null,
  ): void {
    this.process.mailbox.receive({ ...responseTo(to, body, blob), metadata });
  }

  /** The request back, undelivered. */
  refuse(to: KernelMessage, reason: SendErrorReason, explanation: string): void {
    const error = { kind: "Timeout", reason, target: to.target, explanation } as const;
    this.process.mailbox.receive({ ...to, kind: "SendError", error });
  }

  /** A request to the process; returns it. */
  tell(
    from: string,
    body: unknown,
    options: { blob?: LazyLoadBlob; expects?: number; metadata?: string } = {},
  ): KernelMessage {
    const source = `fake.dev@${from}` as Address;
    const message = request(source, OUR, JSON.stringify(body), {
      expects_response: options.expects ?? null,
      lazy_load_blob: options.blob ?? null,
      metadata: options.metadata ?? null,
    });
    this.process.mailbox.receive(message);
    return message;
  }

  #receive([done, ...frames]: unknown[]): void {
    this.onDone(done as number[]);
    for (const frame of frames as (MessageFrame | PrintFrame | CallFrame)[]) {
      if (frame[0] === "Print") this.lines.push(frame[2]);
      else if (frame[0] === "Call") this.called.push(frame);
      else this.#sent.push(fromFrame(frame));
    }
    this.#wake?.();
  }
}
