// An HTTP/1.1 client that sends what no library would: bytes as they are. It reads responses one by one, and
// says how the connection ended.

/** One char per byte, nearly: nobody here looks at what it does with 0x80 to 0x9f. */
const decoder = new TextDecoder("latin1");

export interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

/** One byte per char, so that a case can hold any byte. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export class RawHttp implements Disposable {
  readonly answers: RawAnswer[] = [];
  /** How the server ended it; null while it is open. */
  ended: "end" | "reset" | null = null;
  bytesRead = 0;
  /** Answers have no body, whatever length they say: those to HEAD. */
  bodiless = false;
  readonly #conn: Deno.Conn;
  #text = "";
  #counts = false;
  #reading: Promise<void> | null = null;
  #wake: (() => void) | null = null;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /**
   * `reads: false` is a slow reader: it begins with `read()`, and only counts bytes. `ca`: speaks TLS, and trusts this
   * certificate.
   */
  static async connect(
    port: number,
    { hostname = "127.0.0.1", reads = true, ca = null as string | null } = {},
  ): Promise<RawHttp> {
    const client = new RawHttp(
      ca === null
        ? await Deno.connect({ hostname, port })
        : await Deno.connectTls({ hostname, port, caCerts: [ca] }),
    );
    client.#counts = !reads;
    if (reads) client.read();
    return client;
  }

  /** Of a slow reader: takes one piece of what comes, when it comes. */
  async readOnce(): Promise<void> {
    this.bytesRead += await this.#conn.read(new Uint8Array(1024)) ?? 0;
  }

  read(): void {
    this.#reading ??= this.#read();
  }

  /** Text is sent with one byte per char. False when the server does not take it any more. */
  async send(data: string | Uint8Array): Promise<boolean> {
    const bytes = typeof data === "string" ? bytesOf(data) : data;
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
      return true;
    } catch {
      return false;
    }
  }

  /** Sends nothing more, but goes on reading. */
  async halfClose(): Promise<void> {
    await this.#conn.closeWrite().catch(() => {});
  }

  /** Answers that are none of 1xx. */
  get finals(): RawAnswer[] {
    return this.answers.filter(({ status }) => status >= 200);
  }

  /** Until `done`, the end of the connection, or the end of time; whether it was `done`. */
  async wait(done: () => boolean, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    while (!done() && this.ended === null) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
    return done();
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      while (true) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        this.bytesRead += count;
        if (!this.#counts) this.#text += decoder.decode(buffer.subarray(0, count));
        this.#parse(false);
        this.#wake?.();
      }
      this.ended = "end";
    } catch {
      this.ended = "reset";
    }
    this.#parse(true);
    this.#wake?.();
  }

  #parse(ended: boolean): void {
    while (true) {
      const end = this.#text.indexOf("\r\n\r\n");
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(this.#text)?.[1] ?? 0);
      if (end === -1 || status === 0) return;
      const head = this.#text.slice(0, end);
      const rest = this.#text.slice(end + 4);
      const size = this.bodiless ? 0 : bodySize(status, head, rest, ended);
      if (size === null) return;
      const body = this.#text.slice(end + 4, end + 4 + size);
      this.#text = this.#text.slice(end + 4 + size);
      this.answers.push({ status, head, body });
    }
  }
}

/** Of what stands behind the head, how much is its body; null when more must come. */
function bodySize(status: number, head: string, rest: string, ended: boolean): number | null {
  if (status < 200 || status === 204 || status === 304) return 0;
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? Number(length) : null;
  if (!/^transfer-encoding: chunked$/im.test(head)) return ended ? rest.length : null;
  const last = /(?:^|\r\n)0\r\n\r\n/.exec(rest);
  return last === null ? null : last.index + last[0].length;
}
