// Load on a loopback URL: wrk where it is installed, else a loop of our own in a child process (so that the
// load never shares a thread with what reports it). The loop is slower than wrk: compare only like with like.
import { fromFileUrl } from "@std/path";

/** Which of the two makes the load, to print beside a figure. */
export const loader: "wrk" | "built-in loop" = hasWrk() ? "wrk" : "built-in loop";

/** Requests per second over `seconds`, from `connections` at once; throws if one of them failed. */
export async function load(url: string, connections: number, seconds: number): Promise<number> {
  return await (loader === "wrk" ? byWrk : byLoop)(url, connections, seconds);
}

/** The middle one of an odd number of figures. */
export function median(figures: number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? NaN;
}

function hasWrk(): boolean {
  try {
    new Deno.Command("wrk", { args: ["-v"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

async function byWrk(url: string, connections: number, seconds: number): Promise<number> {
  // Its own patience is 2 s; on a machine that does other things, too, that is no error of ours.
  const args = ["-t1", "--timeout", "30s", `-c${connections}`, `-d${seconds}s`, url];
  const text = await run("wrk", args);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${url}: requests failed:\n${text}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
}

async function byLoop(url: string, connections: number, seconds: number): Promise<number> {
  const args = [
    "run",
    "--allow-net",
    fromFileUrl(import.meta.url),
    url,
    `${connections}`,
    `${seconds}`,
  ];
  return Number(await run(Deno.execPath(), args));
}

async function run(program: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

async function loop(url: string, connections: number, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let answered = 0;
  const one = async () => {
    while (performance.now() < end) {
      const response = await fetch(url);
      await response.text();
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  console.log(answered / seconds);
}

if (import.meta.main) await loop(Deno.args[0]!, Number(Deno.args[1]), Number(Deno.args[2]));
