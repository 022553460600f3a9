/**
 * Scripts that esbuild takes long for, one at a time, beside all others: whoever saves a small one need not wait for them.
 * Each has an esbuild of its own, which ends with it.
 */
import { AtATime } from "../protocol/at_a_time.ts";
import type { Bundle, Bundler } from "./bundle.ts";
import type { Crash } from "./esbuild.ts";

interface Job {
  bundler: Bundler | null;
  isCancelled: boolean;
  bundle: Promise<Bundle | null>;
}

export interface SlowBuild {
  file: string;
  root: string;
  /** What there was too little of beside the others. */
  lacked: Crash["lacked"];
  /** The package whose turn it takes, for a child of it. */
  asker?: string;
}

export class SlowLane {
  readonly #newBundler: (quiet: boolean) => Bundler;
  readonly #jobs = new Map<string, Job>();
  readonly #lane = new AtATime(1);
  #closed = false;

  /** `quiet`: without warnings, which take memory. */
  constructor(newBundler: (quiet: boolean) => Bundler) {
    this.#newBundler = newBundler;
  }

  /** The build under this name, if there is one. */
  find(name: string): Promise<Bundle | null> | undefined {
    return this.#jobs.get(name)?.bundle;
  }

  /** Joins the build under this name, or begins one; `null` if it is cancelled. */
  build(name: string, build: SlowBuild): Promise<Bundle | null> {
    if (this.#closed) return Promise.resolve(null);
    const running = this.find(name);
    if (running !== undefined) return running;
    const job: Job = { bundler: null, isCancelled: false, bundle: Promise.resolve(null) };
    job.bundle = this.#lane.take(() => this.#run(job, build), build.asker).finally(() => {
      if (this.#jobs.get(name) === job) this.#jobs.delete(name);
    });
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

  /** As Esbuild's. */
  relieve(): boolean {
    return [...this.#jobs.values()].some(({ bundler }) => bundler?.relieve());
  }

  close(): void {
    this.#closed = true;
    for (const name of this.#jobs.keys()) this.cancel(name);
  }

  async #run(job: Job, build: SlowBuild): Promise<Bundle | null> {
    let bundle: Bundle | null = null;
    const isShortOfMemory = () => bundle?.crash?.lacked === "memory";
    if (build.lacked !== "memory") bundle = await this.#bundle(job, build, false);
    if (bundle === null || isShortOfMemory()) bundle = await this.#bundle(job, build, true);
    return bundle;
  }

  async #bundle(job: Job, { file, root }: SlowBuild, quiet: boolean): Promise<Bundle | null> {
    if (job.isCancelled) return null;
    job.bundler = this.#newBundler(quiet);
    try {
      const bundle = await job.bundler.bundle(file, root);
      return job.isCancelled ? null : bundle;
    } finally {
      job.bundler.close();
      job.bundler = null;
    }
  }
}
