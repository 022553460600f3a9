// Servers for processes that call out: Python's http.server with a folder of files, and a TCP server that says one thing.
import { within } from "./within.ts";

export class PythonFiles implements AsyncDisposable {
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(child: Deno.ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.url = `http://localhost:${port}`;
  }

  static async start(python: string, files: Record<string, string>): Promise<PythonFiles> {
    const folder = await Deno.makeTempDir({ prefix: "kinode-python-" });
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder];
    const child = new Deno.Command(python, { args, stdout: "piped", stderr: "null" }).spawn();
    const port = await within("line of http.server", portOf(child.stdout));
    return new PythonFiles(child, folder, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** It prints `Serving HTTP on 127.0.0.1 port 41234 (http://…) ...`. */
async function portOf(stdout: ReadableStream<Uint8Array>): Promise<number> {
  let said = "";
  for await (const part of stdout.pipeThrough(new TextDecoderStream())) {
    said += part;
    const [, port] = / port (\d+) /.exec(said) ?? [];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`http.server said ${said}`);
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
