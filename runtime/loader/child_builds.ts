/** Bundles of children: a process may ask for one again and again, and a thousand times at once. */
import { type Builder, type Entry, nameOf } from "./builder.ts";
import type { Bundle } from "./bundle.ts";
import { Failures } from "./failures.ts";

export class ChildBuilds {
  readonly #builder: Builder;
  /** By name: ten children of one file are one bundle. */
  readonly #running = new Map<string, Promise<Bundle>>();
  readonly #failures = new Failures();

  constructor(builder: Builder) {
    this.#builder = builder;
  }

  /** What is known of `entry` as it is now: its bundle, or why there is none. */
  async find(entry: Entry): Promise<Bundle | null> {
    const bundle = await this.#builder.find(entry);
    if (bundle !== null) return bundle;
    const failure = this.#failures.find(nameOf(entry));
    const isKnown = failure !== null &&
      await this.#builder.areCurrent(failure.inputs, entry.root);
    return isKnown ? failure.bundle : null;
  }

  /** Bundles it, when it is the turn of `asker`, its package. */
  async build(entry: Entry, asker: string): Promise<Bundle> {
    const name = nameOf(entry);
    for (let running; (running = this.#running.get(name)) !== undefined;) {
      const bundle = await running;
      if (await this.#builder.isCurrent(bundle, entry)) return bundle;
    }
    const building = this.#build(entry, asker).finally(() => this.#running.delete(name));
    this.#running.set(name, building);
    return await building;
  }

  async #build(entry: Entry, asker: string): Promise<Bundle> {
    const { file, root } = entry;
    const builder = this.#builder;
    const before = (await builder.read([file], root)).get(file)!;
    const bundle = await builder.buildWhole(entry, asker);
    await builder.rest(false, asker);
    await builder.store(entry, bundle);
    if (bundle.output !== null) return bundle;
    const inputs = new Map(bundle.inputs);
    const wasRead = inputs.get(file) !== null;
    // It was given up before it was read; if it was saved meanwhile, nobody knows which version that was.
    if (!wasRead) inputs.set(file, before);
    if (wasRead || await builder.areCurrent(inputs, root)) {
      this.#failures.add(nameOf(entry), bundle, inputs);
    }
    return bundle;
  }
}
