/**
 * When to start a process again that has ended: at once, then after 1, 2, 4 … 60 s, and from the beginning
 * after a healthy minute. Kinode's own pauses grow without bound and depend on the rhythm of the crashes
 * (spec/kernel.md §3.5).
 */
import { RESTART_HEALTHY_SECONDS, RESTART_PAUSE_SECONDS_MAX } from "../limits.ts";

export interface Restart {
  /** 1 is the first restart since the process was last healthy. */
  attempt: number;
  pauseSeconds: number;
}

/** The restart after a life of `livedMs` that was itself restart number `attempt` (0: no restart). */
export function nextRestart(attempt: number, livedMs: number): Restart {
  const next = livedMs >= RESTART_HEALTHY_SECONDS * 1000 ? 1 : attempt + 1;
  if (next === 1) return { attempt: 1, pauseSeconds: 0 };
  // 2 ** 1000 is fine, and above 2 ** 1023 it is Infinity: the minimum is 60 all the same.
  return { attempt: next, pauseSeconds: Math.min(2 ** (next - 2), RESTART_PAUSE_SECONDS_MAX) };
}
