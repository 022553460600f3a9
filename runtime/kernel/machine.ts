/** What the machine below the node has, and what the Deno that runs it can do. */
import { Worker } from "node:worker_threads";

const MB = 1024 * 1024;
/** Of the machine's memory (or the container's) that the node takes by itself: the rest is the system's. */
const NODE_MEMORY_PART = 0.75;
/** Where Linux says what a container may use; "max", or a number beyond all memory: as much as there is. */
const CONTAINER_FILES = [
  "/sys/fs/cgroup/memory.max",
  "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];

/** The memory that the node takes by itself, in MB. */
export function memoryMbOfMachine(): number {
  const sizes = [Deno.systemMemoryInfo().total, ...CONTAINER_FILES.map(readSize)];
  return Math.floor(Math.min(...sizes) * NODE_MEMORY_PART / MB);
}

/** Infinity where there is no such file. */
function readSize(path: string): number {
  try {
    return Number.parseInt(Deno.readTextFileSync(path)) || Infinity;
  } catch {
    return Infinity; // Another system, or no container.
  }
}

/** Deno 2.4 can neither bound a heap, nor tell a worker's CPU, nor free the core of an endless loop. */
export function canLimitWorkers(): boolean {
  return "cpuUsage" in Worker.prototype;
}
