// What a quiet process's users notice while something else goes on: a GET every few milliseconds, whether or not
// the one before was answered, so that a pause of the node is felt by all who come in it.
export interface Latency {
  requests: number;
  failed: number;
  p50: number;
  p99: number;
  max: number;
}

const EVERY_MS = 10;
const PATIENCE_MS = 20_000;

/** Latencies in milliseconds of GETs over so many seconds. */
export async function measure(url: string, seconds: number): Promise<Latency> {
  const times: number[] = [];
  const under: Promise<void>[] = [];
  let failed = 0;
  // Its connections end with it: those of a pool that all share would count as the node's descriptors.
  using client = Deno.createHttpClient({});
  const one = async (since: number) => {
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const response = await fetch(url, { client, signal } as RequestInit);
      await response.text();
      if (!response.ok) failed++;
    } catch {
      failed++;
    }
    times.push(performance.now() - since);
  };
  const start = performance.now();
  for (let due = 0; due < seconds * 1000; due += EVERY_MS) {
    const early = start + due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    // From when it was due: were this very loop held up, the requests would be late, too.
    under.push(one(start + due));
  }
  await Promise.all(under);
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))]!;
  return { requests: times.length, failed, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Resident memory of a process in MB; NaN where the system does not tell. */
export function residentMb(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    return NaN;
  }
}

/** The most memory that a process has had while `work` ran, looked at ten times a second. */
export async function withPeak<T>(pid: number, work: Promise<T>): Promise<[T, number]> {
  let peak = residentMb(pid);
  const timer = setInterval(() => peak = Math.max(peak, residentMb(pid)), 100);
  try {
    return [await work, peak];
  } finally {
    clearInterval(timer);
  }
}

export function inWords({ requests, failed, p50, p99, max }: Latency): string {
  const ms = (time: number) => `${time.toFixed(1)} ms`;
  return `p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)} (${requests} GETs, ${failed} failed)`;
}
