/** The listener on loopback that speaks TLS with one certificate, for the front door's own connections and no others. */
import type { Certificate } from "./certificate.ts";

const INSIDE = "127.0.0.1";
/** Without descriptors nothing can be accepted: until some are free again. */
const PAUSE_MS = 100;

/** Both ends of one connection through it: what goes into `inner` as TLS is plain at `tls`. */
export interface TlsEnds {
  inner: Deno.TcpConn;
  tls: Deno.TlsConn;
}

export class TlsInside {
  readonly #listener: Deno.TlsListener;
  /** By the port of the inner end. */
  readonly #waiting = new Map<number, (tls: Deno.TlsConn) => void>();
  /** Accepted before the inner end was known, or somebody else's: then it goes when nobody is on the way. */
  readonly #early = new Map<number, Deno.TlsConn>();
  #connecting = 0;
  #retired = false;

  /** Throws what Deno says of a certificate that is no good. */
  constructor({ cert, key }: Certificate) {
    const alpnProtocols = ["http/1.1", "http/1.0"];
    this.#listener = Deno.listenTls({ hostname: INSIDE, port: 0, cert, key, alpnProtocols });
    this.#accept();
  }

  async connect(): Promise<TlsEnds> {
    this.#connecting++;
    try {
      const { port } = this.#listener.addr as Deno.NetAddr;
      const inner = await Deno.connect({ hostname: INSIDE, port });
      inner.setNoDelay(true);
      return { inner, tls: await this.#otherEnd((inner.localAddr as Deno.NetAddr).port) };
    } finally {
      this.#connecting--;
      if (this.#connecting === 0) this.#settle();
    }
  }

  /** Takes nobody more, once those that are on the way have come. */
  retire(): void {
    this.#retired = true;
    if (this.#connecting === 0) this.#settle();
  }

  async #otherEnd(port: number): Promise<Deno.TlsConn> {
    const early = this.#early.get(port);
    if (early === undefined) return await new Promise((take) => this.#waiting.set(port, take));
    this.#early.delete(port);
    return early;
  }

  async #accept(): Promise<void> {
    while (true) {
      try {
        this.#accepted(await this.#listener.accept());
      } catch {
        if (this.#retired) return;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  #accepted(tls: Deno.TlsConn): void {
    const { port } = tls.remoteAddr as Deno.NetAddr;
    const take = this.#waiting.get(port);
    this.#waiting.delete(port);
    if (take !== undefined) return take(tls);
    if (this.#connecting === 0) return tls.close();
    this.#early.set(port, tls);
  }

  #settle(): void {
    for (const stranger of this.#early.values()) stranger.close();
    this.#early.clear();
    if (this.#retired) this.#listener.close();
  }
}
