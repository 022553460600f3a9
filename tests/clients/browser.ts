// A page in a real Chromium, without a screen, spoken to over the DevTools protocol: enough to fill
// in a form and see what comes of it.
//
//   await using page = await openPage(chromium, node.url + "/login");
//   await page.evaluate(`document.querySelector("button").click()`);
//   await page.waitFor(`document.title === "Inside"`);

import { within } from "../conformance/within.ts";

const WAIT_SECONDS = 30;

/** `flags`: of Chromium, such as `--ignore-certificate-errors`. */
export async function openPage(
  chromium: string,
  url: string,
  flags: readonly string[] = [],
): Promise<Page> {
  const profile = await Deno.makeTempDir({ prefix: "kinode-chromium-" });
  const args = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    ...flags,
    url,
  ];
  const options: Deno.CommandOptions = { args, stdin: "null", stdout: "null", stderr: "piped" };
  const child = new Deno.Command(chromium, options).spawn();
  const port = await debuggingPort(child.stderr);
  const pages: { type: string; webSocketDebuggerUrl: string }[] =
    await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(pages.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
  await new Promise((resolve) => socket.onopen = resolve);
  return new Page(child, socket, profile);
}

/** Chromium prints its debugging address once; what it prints later is read and dropped. */
async function debuggingPort(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Chromium ended: ${text}`);
    text += value;
    const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(text)?.[1];
    if (port === undefined) continue;
    (async () => {
      while (!(await reader.read()).done);
    })();
    return port;
  }
}

interface Evaluated {
  result?: { result: { value?: unknown }; exceptionDetails?: { text: string } };
}

export class Page implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #socket: WebSocket;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Evaluated) => void>();
  #next = 1;

  constructor(child: Deno.ChildProcess, socket: WebSocket, profile: string) {
    this.#child = child;
    this.#socket = socket;
    this.#profile = profile;
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(data);
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    };
  }

  /** The value of an expression in the page; `undefined` while the page is being replaced by another. */
  async evaluate(expression: string): Promise<unknown> {
    const id = this.#next++;
    const params = { expression, awaitPromise: true, returnByValue: true };
    const answered = new Promise<Evaluated>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params }));
    return (await answered).result?.result.value;
  }

  /** Waits until the expression is true, however many pages come and go meanwhile. */
  async waitFor(expression: string): Promise<void> {
    const end = Date.now() + WAIT_SECONDS * 1000;
    while (await this.evaluate(expression) !== true) {
      if (Date.now() > end) {
        const seen = await this.evaluate("location.href + ' ' + document.body.innerText");
        throw new Error(`${expression} never came true; the page: ${seen}`);
      }
      // A page tells nobody that it has changed; this asks it again.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its helpers end before it does; after a signal they would write on.
    this.#socket.send(JSON.stringify({ id: this.#next++, method: "Browser.close" }));
    await within("end of chromium", this.#child.status).catch((error) => {
      this.#child.kill("SIGKILL");
      throw error;
    });
    this.#socket.close();
    await Deno.remove(this.#profile, { recursive: true });
  }
}
