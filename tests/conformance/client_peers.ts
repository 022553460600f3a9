// Servers for processes that call out: Python's http.server with a folder of files, and a TCP server that says one thing.
import { Peer } from "./peer.ts";

export class PythonFiles implements AsyncDisposable {
  readonly url: string;
  readonly #server: Peer;
  readonly #folder: string;

  private constructor(server: Peer, folder: string, port: number) {
    this.#server = server;
    this.#folder = folder;
    this.url = `http://localhost:${port}`;
  }

  static async start(python: string, files: Record<string, string>): Promise<PythonFiles> {
    const folder = await Deno.makeTempDir({ prefix: "kinode-python-" });
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder];
    // A Peer reads on after the line with the port: `-u` writes its newline apart, and dies if nobody takes that.
    const server = new Peer(python, args);
    const line = await server.waitForLine(/ port \d+ /);
    return new PythonFiles(server, folder, Number(/ port (\d+) /.exec(line)![1]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Answers every request with the same bytes, and closes; `null`: never. */
export class SaysOneThing implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;

  constructor(text: string | null) {
    this.#accepting = this.#accept(text);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await this.#accepting;
  }

  async #accept(text: string | null): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      // The other side may leave at any point.
      talks.push(
        this.#answer(connection, text).catch(() => {}).finally(() => this.#close(connection)),
      );
    }
    await Promise.all(talks);
  }

  async #answer(connection: Deno.Conn, text: string | null): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    await connection.read(buffer);
    let left = new TextEncoder().encode(text ?? "");
    while (left.length > 0) left = left.subarray(await connection.write(left));
    while (text === null && await connection.read(buffer) !== null);
  }

  #close(connection: Deno.Conn): void {
    if (!this.#open.delete(connection)) return;
    connection.close();
  }
}
