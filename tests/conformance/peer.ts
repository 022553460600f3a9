// A program that talks to the node from outside, such as the Python peers: its lines, and its end.
//
//   await using peer = new Peer(python, [findClient("ws_server.py"), "0"]);
//   await peer.waitForLine(/Server started/);

const WAIT_SECONDS = 30;
const PIPES = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;

export interface PeerEnd {
  code: number;
  lines: string[];
  stderr: string;
}

/** Runs a peer to its end. */
export async function runPeer(program: string, args: string[]): Promise<PeerEnd> {
  await using peer = new Peer(program, args);
  return await peer.end();
}

export class Peer implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  readonly #read: Promise<void>;
  #wake: (() => void) | null = null;

  constructor(program: string, args: string[]) {
    const command = new Deno.Command(program, { args, ...PIPES });
    this.#child = command.spawn();
    this.#stderr = new Response(this.#child.stderr).text();
    this.#read = this.#follow();
  }

  /** The first line that matches; fails with everything printed when the peer ends without it. */
  async waitForLine(pattern: RegExp): Promise<string> {
    let ended = false;
    this.#read.then(() => {
      ended = true;
      this.#wake?.();
    });
    const deadline = setTimeout(() => this.#child.kill("SIGKILL"), WAIT_SECONDS * 1000);
    try {
      while (true) {
        const line = this.lines.find((line) => pattern.test(line));
        if (line !== undefined) return line;
        if (ended) break;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(deadline);
    }
    throw new Error(`no line with ${pattern}: ${this.lines.join("\n")}\n${await this.#stderr}`);
  }

  /** Its standard input ends. */
  async closeInput(): Promise<void> {
    await this.#child.stdin.close();
  }

  async end(): Promise<PeerEnd> {
    await this.closeInput().catch(() => {}); // It is closed, or nobody is there any more.
    const { code } = await this.#child.status;
    await this.#read;
    return { code, lines: this.lines, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.end();
  }

  async #follow(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts);
      this.#wake?.();
    }
  }
}
