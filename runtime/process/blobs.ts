/**
 * Deno keeps the bytes of every Blob outside of the worker, for the whole program, until the Blob is collected: a
 * worker that is ended collects nothing, so that each life of a process would leave its Blobs behind for ever. Here
 * the bytes stay in the process's own memory, and go with it.
 */

interface PartClass {
  fromUint8Array?(bytes: Uint8Array): unknown;
}

/** What Deno's Blob asks of a part of it. */
class Part {
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.size = bytes.byteLength;
    this.#bytes = bytes;
  }

  slice(start: number, end: number): Part {
    const { buffer, byteOffset } = this.#bytes;
    return new Part(new Uint8Array(buffer, byteOffset + start, end - start));
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    yield await new Uint8Array(this.#bytes);
  }
}

/**
 * Lets Blobs, Files and all that is made of them keep their bytes in `scope`. An object URL would hold them
 * outside again, and names nothing that a process could open: there are none. False where Deno's Blob is made
 * otherwise, and stays as it is.
 */
export function keepBlobs(scope: Pick<typeof globalThis, "Blob" | "URL">): boolean {
  for (const name of ["createObjectURL", "revokeObjectURL"] as const) {
    delete (scope.URL as Partial<typeof URL>)[name];
  }
  const probe = new scope.Blob(["x"]) as unknown as Record<symbol, unknown>;
  const parts = Object.getOwnPropertySymbols(probe).map((key) => probe[key]).find(Array.isArray);
  const made = parts?.[0]?.constructor as PartClass | undefined;
  if (made?.fromUint8Array === undefined) return false;
  made.fromUint8Array = (bytes) => new Part(new Uint8Array(bytes));
  return true;
}
