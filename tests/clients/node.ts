// A node under test: started as a user starts it, from source or (KINODE_BINARY=path) as the binary,
// in a home of its own, and spoken to only from outside. Its printed lines are the events to wait
// for; nothing here sleeps. The flags and variables for a start from source are those of `deno task
// start`, read out of deno.json, so that tests never run a node with more power than a user's.
//
//   await using node = await startNode({ files: { "hello.ts": "export default {…}" } });
//   await node.waitForLine("kinode: started hello:hello:template.os");
//   const response = await fetch(node.url + "/hello:hello:template.os/");

import { dirname, fromFileUrl, join } from "@std/path";
import { shareBundles } from "./bundles.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const URL_LINE = /^kinode: (\S+) is at (https?:\/\/\S+)$/;
/** Generous: two cores that are busy elsewhere, and a cold cache of modules. */
const START_SECONDS = 60;
const LINE_SECONDS = 30;
/** The node promises 2 s (issue 2); beyond that a slow machine is given some grace. */
const STOP_SECONDS = 10;

export interface NodeOptions {
  /** More flags. The helper adds --fake, --home, --processes and --port 0 where they are not said. */
  args?: string[];
  /** A folder to use and to leave in place; by default a new one that goes away with the node, but for its bundles. */
  home?: string;
  /** Another folder for scripts than <home>/processes. */
  processes?: string;
  /** Written into the scripts' folder before the start: `{ "hello.ts": text, "chat/manifest.json": … }`. */
  files?: Record<string, string>;
  env?: Record<string, string>;
}

export interface WaitOptions {
  timeoutSeconds?: number;
  /** Look only at lines from this index on: `const from = node.lines.length`, act, wait. */
  from?: number;
}

/** What a node said that ran to its end by itself, as `--help` does. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Starts a node and waits until it has printed its address. */
export async function startNode(options: NodeOptions = {}): Promise<RunningNode> {
  const home = options.home ?? await Deno.makeTempDir({ prefix: "kinode-test-" });
  const processes = options.processes ?? join(home, "processes");
  if (options.home === undefined) await shareBundles(home);
  if (options.files !== undefined) await Deno.mkdir(processes, { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(join(processes, name), text);
  }
  const theirs = options.args ?? [];
  const own: string[] = [];
  const add = (flag: string, ...value: string[]) => {
    const said = theirs.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
    if (!said) own.push(flag, ...value);
  };
  add("--fake");
  add("--home", home);
  add("--port", "0");
  if (options.processes !== undefined) add("--processes", processes);
  const args = [...own, ...theirs];
  const child = command(args, { env: options.env, stdout: "piped", stderr: "piped" }).spawn();
  const removes = options.home === undefined ? home : undefined;
  const node = new RunningNode(child, { home, processes, removes });
  try {
    await node.waitForUrl();
  } catch (error) {
    await node[Symbol.asyncDispose]();
    throw error;
  }
  return node;
}

/** Runs a node with exactly these arguments to its end: for --help, --version and wrong flags. */
export async function runNode(args: string[], env?: Record<string, string>): Promise<Ended> {
  const output = await command(args, { env, stdout: "piped", stderr: "piped" }).output();
  const text = new TextDecoder();
  return {
    code: output.code,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
}

function command(args: string[], options: Deno.CommandOptions): Deno.Command {
  const env = { NO_COLOR: "1", ...options.env };
  const binary = Deno.env.get("KINODE_BINARY");
  if (binary) return new Deno.Command(binary, { ...options, env, args, stdin: "null" });
  const config = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const words = (config.tasks.start as string).split(" ");
  const at = words.indexOf("deno");
  const theirs = Object.fromEntries(words.slice(0, at).map((word) => word.split("=")));
  const start = words.slice(at + 1).map((word) => word === "main.ts" ? join(ROOT, word) : word);
  return new Deno.Command(Deno.execPath(), {
    ...options,
    env: { ...theirs, ...env },
    args: [...start, ...args],
    stdin: "null",
  });
}

async function writeFile(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}

export class RunningNode implements AsyncDisposable {
  readonly home: string;
  /** The folder of scripts, as a path. */
  readonly processes: string;
  /** Everything printed so far, stdout and stderr in order of arrival, without line ends. */
  readonly lines: string[] = [];
  readonly stderr: string[] = [];
  /** `http://localhost:8080`, without a slash at its end; set once startNode() has returned. */
  url = "";
  /** `fake.dev`. */
  name = "";

  #child: Deno.ChildProcess;
  #ended: Promise<number>;
  #exitCode: number | undefined;
  #waiting = new Set<() => void>();
  #removes: string | undefined;

  constructor(
    child: Deno.ChildProcess,
    places: { home: string; processes: string; removes: string | undefined },
  ) {
    this.#child = child;
    this.home = places.home;
    this.processes = places.processes;
    this.#removes = places.removes;
    this.#ended = this.#follow();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The exit code, or undefined while the node runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** `ws://localhost:8080`. */
  get wsUrl(): string {
    return this.url.replace(/^http/, "ws");
  }

  /** Writes a script (or another file) into the scripts' folder of the running node. */
  async drop(name: string, text: string): Promise<void> {
    await writeFile(join(this.processes, name), text);
  }

  /** Takes a file or folder out of the scripts' folder. */
  async take(name: string): Promise<void> {
    await Deno.remove(join(this.processes, name), { recursive: true });
  }

  /**
   * The first line that contains the string, or matches the expression; lines printed before the
   * call count (see `from`). Fails with everything printed when time is up or the node has ended.
   */
  waitForLine(pattern: string | RegExp, options: WaitOptions = {}): Promise<string> {
    const { from = 0, timeoutSeconds = LINE_SECONDS } = options;
    const matches = typeof pattern === "string"
      ? (line: string) => line.includes(pattern)
      : (line: string) => line.search(pattern) >= 0;
    let next = from;
    return this.#waitFor(`a line with ${pattern}`, timeoutSeconds, () => {
      while (next < this.lines.length) {
        const line = this.lines[next++] ?? "";
        if (matches(line)) return line;
      }
      return undefined;
    });
  }

  /** waitForLine for each pattern, each after the line that the one before it matched. */
  async waitForLines(patterns: (string | RegExp)[], options: WaitOptions = {}): Promise<string[]> {
    const found: string[] = [];
    let from = options.from ?? 0;
    for (const pattern of patterns) {
      const line = await this.waitForLine(pattern, { ...options, from });
      from = this.lines.indexOf(line, from) + 1;
      found.push(line);
    }
    return found;
  }

  async waitForUrl(): Promise<void> {
    const line = await this.waitForLine(URL_LINE, { timeoutSeconds: START_SECONDS });
    const [, name = "", url = ""] = line.match(URL_LINE) ?? [];
    this.name = name;
    this.url = url.replace(/\/$/, "");
  }

  /** Waits for the end that the node comes to by itself; its exit code. */
  async waitForExit(timeoutSeconds = LINE_SECONDS): Promise<number> {
    await this.#waitFor("the node to end", timeoutSeconds, () => this.#exitCode);
    return await this.#ended;
  }

  /** Ends the node as Ctrl-C or a service manager does; SIGKILL when it does not obey. Its exit code. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    if (this.#exitCode !== undefined) return this.#exitCode;
    this.#signal(signal);
    const deadline = setTimeout(() => this.#signal("SIGKILL"), STOP_SECONDS * 1000);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Ends the node without a warning, as a power cut does. */
  kill(): Promise<number> {
    return this.stop("SIGKILL");
  }

  /** Stops the node and removes the home that the helper made. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const home = this.#removes;
    this.#removes = undefined;
    if (home !== undefined) await Deno.remove(home, { recursive: true });
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It may have ended between our look and our signal.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #follow(): Promise<number> {
    const [, , status] = await Promise.all([
      this.#read(this.#child.stdout, (line) => this.lines.push(line)),
      this.#read(this.#child.stderr, (line) => (this.lines.push(line), this.stderr.push(line))),
      this.#child.status,
    ]);
    this.#exitCode = status.code;
    this.#wake();
    return status.code;
  }

  async #read(stream: ReadableStream<Uint8Array>, add: (line: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of stream) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
      rest = parts.pop() ?? "";
      parts.forEach(add);
      this.#wake();
    }
    if (rest !== "") add(rest);
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Calls `look` now and after everything that is printed, until it answers something. */
  #waitFor<T>(what: string, seconds: number, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        const said = this.lines.map((line) => `  | ${line}`).join("\n") || "  | (nothing)";
        reject(new Error(`Waited for ${what}, but ${why}. The node printed:\n${said}`));
      };
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(lookAgain);
      };
      const lookAgain = () => {
        const found = look();
        if (found === undefined && this.#exitCode === undefined) return;
        end();
        if (found !== undefined) resolve(found);
        else fail(`the node ended with code ${this.#exitCode}`);
      };
      const timer = setTimeout(() => {
        end();
        fail(`nothing came in ${seconds} s`);
      }, seconds * 1000);
      this.#waiting.add(lookAgain);
      lookAgain();
    });
  }
}
