/** For the tests beside this file: a home folder that disappears again, and stores over it. */
import { join } from "@std/path";
import type { ProcessId } from "../../protocol/address.ts";
import { Database } from "./database.ts";
import { SqliteStore, type StoreOptions } from "./store.ts";
import type { Call } from "./store_protocol.ts";

export const A = "a:a:template.os" as ProcessId;
export const B = "b:b:template.os" as ProcessId;

export class TempHome implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "kinode-state-" }));
  readonly lines: string[] = [];

  at(name: string): string {
    return join(this.path, name);
  }

  open(options: Partial<StoreOptions> = {}): Promise<SqliteStore> {
    const add = (text: string) => void this.lines.push(text);
    return SqliteStore.open({ home: this.path, log: { info: add, warn: add }, ...options });
  }

  /** Runs `calls` on the database itself, in this thread. */
  with<T>(use: (database: Database) => T): T {
    const database = Database.open(this.path);
    try {
      return use(database);
    } finally {
      database.close();
    }
  }

  /** Everything in the folder, byte by byte, as one comparable value. */
  snapshot(): Record<string, string> {
    const files: Record<string, string> = {};
    for (const { name, isFile } of Deno.readDirSync(this.path)) {
      files[name] = isFile ? fingerprint(Deno.readFileSync(this.at(name))) : "no file";
    }
    // The lock is empty, whoever made it.
    delete files["kernel.lock"];
    return Object.fromEntries(Object.entries(files).sort());
  }

  /** A second home with what a `kill -9` would leave of this one now. */
  killedCopy(): TempHome {
    const copy = new TempHome();
    for (const name of ["kernel.sqlite", "kernel.sqlite-wal"]) {
      Deno.copyFileSync(this.at(name), copy.at(name));
    }
    return copy;
  }

  overwrite(name: string, at: number, bytes: Uint8Array): void {
    using file = Deno.openSync(this.at(name), { write: true });
    file.seekSync(at, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

export function write(key: string, bytes: Uint8Array): Call {
  return { verb: "write", table: "state", key, bytes: new Uint8Array(bytes) };
}

/** What `run` throws, and nothing else. */
export function thrown(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** What `promise` rejects with. */
export function rejected(promise: Promise<unknown>): Promise<Error> {
  return promise.then(() => {
    throw new Error("it did not reject");
  }, (error) => error);
}

export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

function fingerprint(bytes: Uint8Array): string {
  let sum = 0xcbf29ce484222325n;
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    sum = BigInt.asUintN(64, (sum ^ view.getBigUint64(at)) * 0x100000001b3n);
  }
  return `${bytes.length} bytes, ${sum.toString(16)}, ${bytes.slice(-8)}`;
}
