/**
 * TLS whose connections can be ended. Deno's own cannot: when the client is silent in its handshake, or takes nothing
 * of what was written, `close()` waits for it and keeps the descriptor (2.4.2, 2.9.6). So the client's connection is
 * plain TCP, which ends at once, and TLS is spoken one step further in, on loopback:
 *
 *   client ═TLS═ outer ◄─moved─► inner ═TLS═ tls ─plain─► Connection
 */
import type { Certificate } from "./certificate.ts";
import { type ClientConn, writeAll } from "./client_conn.ts";
import { type TlsEnds, TlsInside } from "./tls_inside.ts";

/** Small, for each connection that waits holds two; large while there is much to move. */
const WAITING_BYTES = 4 * 1024;
const MOVING_BYTES = 64 * 1024;

export interface TlsOptions {
  /** For MOVING_BYTES that the client takes. */
  writeSeconds: number;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
}

/** Speaks TLS for the connections that it is given. */
export class Tls {
  readonly #options: TlsOptions;
  readonly #links = new Set<TlsLink>();
  #inside: TlsInside;

  /** Throws what Deno says of a certificate that is no good. */
  constructor(certificate: Certificate, options: TlsOptions) {
    this.#options = options;
    this.#inside = new TlsInside(certificate);
  }

  /** New connections get this one. Throws as the constructor does; then nothing has changed. */
  renew(certificate: Certificate): void {
    const before = this.#inside;
    this.#inside = new TlsInside(certificate);
    before.retire();
  }

  link(outer: Deno.TcpConn): TlsLink {
    const link = new TlsLink(outer, () => this.#inside.connect(), this.#options);
    this.#links.add(link);
    link.whenClosed.then(() => this.#links.delete(link));
    return link;
  }

  /** Looks at the clock. */
  look(now: number): void {
    for (const link of this.#links) link.look(now);
  }

  close(): void {
    this.#inside.retire();
    for (const link of this.#links) link.cut();
  }
}

export class TlsLink implements ClientConn {
  readonly remoteAddr: Deno.Addr;
  readonly #outer: Deno.TcpConn;
  readonly #connect: () => Promise<TlsEnds>;
  readonly #options: TlsOptions;
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when nothing of it is left. */
  readonly whenClosed = this.#closed.promise;
  #ends: TlsEnds | null = null;
  #moving: Promise<unknown> = Promise.resolve();
  /** The handshake has come to its end, good or bad. */
  #shaken = false;
  /** Closed from our side; what was written still leaves. */
  #closing = false;
  /** Everything that was written has left. */
  #drained = false;
  #due = Infinity;
  #cut = false;

  constructor(outer: Deno.TcpConn, connect: () => Promise<TlsEnds>, options: TlsOptions) {
    this.remoteAddr = outer.remoteAddr;
    this.#outer = outer;
    this.#connect = connect;
    this.#options = options;
  }

  /** Rejects when the client does not speak TLS, or leaves, or `close` comes first. */
  async handshake(): Promise<void> {
    // Who says nothing costs a descriptor, and no more.
    const first = new Uint8Array(WAITING_BYTES);
    const count = await this.#outer.read(first);
    if (count === null) throw new Deno.errors.UnexpectedEof("the client left before its handshake");
    const ends = await this.#connect();
    if (this.#cut) {
      endBoth(ends);
      throw new Deno.errors.Interrupted("the handshake took too long");
    }
    this.#ends = ends;
    await writeAll(ends.inner, first.subarray(0, count));
    this.#moving = Promise.all([this.#moveIn(ends), this.#moveOut(ends)]);
    await ends.tls.handshake().finally(() => this.#shaken = true);
  }

  read(bytes: Uint8Array): Promise<number | null> {
    return this.#ends!.tls.read(bytes);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#ends!.tls.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#ends!.tls.closeWrite();
  }

  /** Lets what was written leave, as long as the client takes it. */
  close(): void {
    if (!this.#shaken || this.#drained) return this.cut();
    if (this.#closing || this.#cut) return;
    this.#closing = true;
    this.#waits();
    this.#ends!.tls.close();
  }

  cut(): void {
    if (this.#cut) return;
    this.#cut = true;
    this.#outer.close();
    if (this.#ends !== null) {
      this.#ends.inner.close();
      if (!this.#closing) this.#ends.tls.close();
    }
    this.#moving.then(() => this.#closed.resolve());
  }

  /** Looks at the clock. */
  look(now: number): void {
    if (now >= this.#due) this.cut();
  }

  #waits(): void {
    this.#due = this.#options.now() + this.#options.writeSeconds * 1000;
  }

  async #moveIn({ inner }: TlsEnds): Promise<void> {
    try {
      await move(this.#outer, inner);
      await inner.closeWrite();
    } catch {
      // Either end broke. When it is ours that has closed, what it wrote is still on its way.
      if (!this.#closing) this.cut();
    }
  }

  async #moveOut({ inner }: TlsEnds): Promise<void> {
    const waits = (yes: boolean) => {
      if (yes || this.#closing) this.#waits();
      else this.#due = Infinity;
    };
    try {
      await move(inner, this.#outer, waits);
      this.#drained = true;
      if (this.#closing) this.cut();
      else await this.#outer.closeWrite();
    } catch {
      this.cut();
    }
  }
}

/** Until `from` has ended its side. `waits`: before and after what may take its time. */
async function move(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  waits: (yes: boolean) => void = () => {},
): Promise<void> {
  let buffer = new Uint8Array(WAITING_BYTES);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    waits(true);
    await writeAll(to, buffer.subarray(0, count));
    waits(false);
    const size = count === buffer.length ? MOVING_BYTES : count < WAITING_BYTES ? WAITING_BYTES : 0;
    if (size !== 0 && size !== buffer.length) buffer = new Uint8Array(size);
  }
}

function endBoth({ inner, tls }: TlsEnds): void {
  inner.close();
  tls.close();
}
