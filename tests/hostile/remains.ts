// What a node has of the system, from /proc: what a process that was ended must not leave behind.
export interface Remains {
  threads: number;
  descriptors: number;
}

/** Of Linux: USER_HZ. */
const TICKS_PER_SECOND = 100;

export function remainsOf(pid: number): Remains {
  return { threads: count(`/proc/${pid}/task`), descriptors: count(`/proc/${pid}/fd`) };
}

/** The part of one core that a node uses over so many milliseconds, in user and system mode. */
export async function coreShare(pid: number, ms: number): Promise<number> {
  const before = ticksOf(pid);
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (ticksOf(pid) - before) / TICKS_PER_SECOND / ((performance.now() - from) / 1000);
}

function ticksOf(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name may hold spaces; utime and stime are the 14th and 15th field, the 12th and 13th behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function count(folder: string): number {
  return [...Deno.readDirSync(folder)].length;
}
