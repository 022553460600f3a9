/**
 * Scripts that esbuild takes long for, one at a time, beside all others: whoever saves a small one need not wait for them.
 * Each has an esbuild of its own, which ends with it.
 */
import type { Bundle, Bundler } from "./bundle.ts";

interface Job {
  bundler: Bundler | null;
  isCancelled: boolean;
  bundle: Promise<Bundle | null>;
}

export class SlowLane {
  readonly #newBundler: () => Bundler;
  readonly #jobs = new Map<string, Job>();
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(newBundler: () => Bundler) {
    this.#newBundler = newBundler;
  }

  /** Joins the build under this name, or begins one; `null` if it is cancelled. */
  build(name: string, file: string, root: string): Promise<Bundle | null> {
    if (this.#closed) return Promise.resolve(null);
    const running = this.#jobs.get(name);
    if (running !== undefined) return running.bundle;
    const job: Job = { bundler: null, isCancelled: false, bundle: Promise.resolve(null) };
    job.bundle = this.#turn.then(() => this.#run(job, file, root)).finally(() => {
      if (this.#jobs.get(name) === job) this.#jobs.delete(name);
    });
    this.#turn = job.bundle.catch(() => {});
    this.#jobs.set(name, job);
    return job.bundle;
  }

  /** Nobody wants it any more, or what it was is no longer there. */
  cancel(name: string): void {
    const job = this.#jobs.get(name);
    if (job === undefined) return;
    job.isCancelled = true;
    job.bundler?.close();
    this.#jobs.delete(name);
  }

  /** Ends a bundle for which the node has grown by much. Whether there was one. */
  relieve(): boolean {
    return [...this.#jobs.values()].some(({ bundler }) => bundler?.relieve());
  }

  close(): void {
    this.#closed = true;
    for (const name of this.#jobs.keys()) this.cancel(name);
  }

  async #run(job: Job, file: string, root: string): Promise<Bundle | null> {
    if (job.isCancelled) return null;
    job.bundler = this.#newBundler();
    try {
      const bundle = await job.bundler.bundle(file, root);
      return job.isCancelled ? null : bundle;
    } finally {
      job.bundler.close();
    }
  }
}
