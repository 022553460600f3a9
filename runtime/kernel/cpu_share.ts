/** Of one core, what a process has used on average over the last CPU_SHARE_SECONDS. */
import { CPU_SHARE_SECONDS } from "../limits.ts";
import type { Run } from "./run.ts";

interface Sample {
  atMs: number;
  /** Microseconds. */
  cpu: number;
}

export class CpuShare {
  readonly #now: () => number;
  readonly #samples = new WeakMap<Run, Sample[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** One look, once a second: why it uses too much, or `null`. */
  async exceeded(run: Run, shareMax: number): Promise<string | null> {
    const cpu = await run.look();
    if (cpu === null) return null;
    const samples = this.#samples.get(run) ?? [];
    this.#samples.set(run, samples);
    const last = { atMs: this.#now(), cpu: cpu.total };
    samples.push(last);
    const first = samples[0]!;
    const seconds = (last.atMs - first.atMs) / 1000;
    if (seconds < CPU_SHARE_SECONDS) return null;
    samples.shift();
    const share = (last.cpu - first.cpu) / 1e6 / seconds;
    if (share <= shareMax) return null;
    const used = `${share.toFixed(2)} of a core over ${CPU_SHARE_SECONDS} s`;
    return `used ${used} (limit cpu_share ${shareMax})`;
  }
}
