import { assertEquals, assertStringIncludes } from "@std/assert";
import { STATE_BYTES_MAX, STATE_WAITING_CALLS_PER_PROCESS_MAX } from "./limits.ts";
import type { ProcessId } from "../../protocol/address.ts";
import type { PersistedCapability, PersistedProcess } from "../../protocol/store.ts";
import { StoreUnusable } from "./store.ts";
import type { ToWorker } from "./store_protocol.ts";
import { A, B, randomBytes, rejected, TempHome } from "./testing.ts";

const bytes = (...numbers: number[]) => new Uint8Array(numbers);

Deno.test("kernel.md §12.9: a saved state is there again after the node's restart, also one of 10 MB", async () => {
  using home = new TempHome();
  const large = randomBytes(10 * 1024 * 1024);
  const first = await home.open();
  assertEquals(await first.getState(A), null);
  await first.setState(A, large.slice());
  await first.setState(B, new Uint8Array(0));
  await first.close();
  const second = await home.open();
  assertEquals(await second.getState(A), large);
  assertEquals(await second.getState(B), new Uint8Array(0));
  await second.clearState(A);
  assertEquals(await second.getState(A), null);
  await second.close();
  assertEquals(home.lines, []);
});

Deno.test("calls of one process take effect in their order, and reads see the writes before them", async () => {
  using home = new TempHome();
  const store = await home.open();
  const read: Promise<Uint8Array | null>[] = [];
  for (let i = 0; i < 100; i++) {
    void store.setState(A, bytes(i));
    read.push(store.getState(A));
    if (i % 10 === 9) await read.at(-1);
  }
  assertEquals((await Promise.all(read)).map((found) => found?.[0]), [...Array(100).keys()]);
  void store.clearState(A);
  assertEquals(await store.getState(A), null);
  await store.close();
});

Deno.test("setState() keeps the bytes as they were when it was called", async () => {
  using home = new TempHome();
  const store = await home.open();
  const mine = bytes(1, 2, 3);
  const saved = store.setState(A, mine.subarray(1));
  mine.fill(9);
  await saved;
  assertEquals(await store.getState(A), bytes(2, 3));
  assertEquals(mine, bytes(9, 9, 9));
  await store.close();
});

Deno.test("what one turn asks for is written in one transaction", async () => {
  using home = new TempHome();
  const runs: number[] = [];
  const store = await home.open({ makeWorker: (path) => spied(path, (calls) => runs.push(calls)) });
  const one = store.setState(A, bytes(1));
  const two = store.setState(B, bytes(2));
  await Promise.all([one, two, store.getState(A)]);
  assertEquals(runs, [3]);
  await store.close();
});

Deno.test("close() waits for what was asked before, and nothing is taken after", async () => {
  using home = new TempHome();
  const first = await home.open();
  void first.setState(A, bytes(1));
  const late = first.setState(B, bytes(2));
  const closed = first.close();
  assertStringIncludes((await rejected(first.setState(A, bytes(3)))).message, "is closed");
  await closed;
  await late;
  const second = await home.open();
  assertEquals([await second.getState(A), await second.getState(B)], [bytes(1), bytes(2)]);
  await second.close();
});

Deno.test("the process table and its capabilities come back as they were, also strange texts", async () => {
  using home = new TempHome();
  const address = "fake.dev@b:b:template.os";
  const body = Uint8Array.from([...Array(256).keys()]);
  const request = {
    inherit: null,
    expects_response: 5,
    body,
    metadata: null,
    capabilities: [{ issuer: address, params: '"messaging"' }],
  };
  const process = {
    id: A,
    wasm_bytes_handle: "child.ts\0\ud800",
    wit_version: null,
    on_exit: { Requests: [[address, request, { mime: null, bytes: bytes(0, 255) }]] },
    public: true,
    code: "// \0 \ud800 ü\n",
    heapMb: 0.5,
    network: ["a.org"],
    maker: null,
  } as unknown as PersistedProcess;
  const more = { id: B, wit_version: 1, on_exit: "Restart", maker: A } as const;
  const plain: PersistedProcess = { ...process, ...more };
  const held: PersistedCapability[] = [
    { holder: A, issuer: address, params: '{"a":"\0 \ud800"}' },
    { holder: A, issuer: "gone.os@x:y:z", params: '"messaging"' },
  ];
  const first = await home.open();
  await Promise.all([first.saveProcess(process), first.saveProcess(plain)]);
  await first.saveCapabilities(A, held);
  await first.saveCapabilities(B, [{ holder: B, issuer: address, params: "{}" }]);
  await first.close();
  const second = await home.open();
  assertEquals(await second.loadProcesses(), [process, plain]);
  await second.saveCapabilities(B, []);
  assertEquals(await second.loadCapabilities(), held);
  await second.saveCapabilities(A, held.slice(1));
  void second.removeProcess(A);
  assertEquals(await second.loadProcesses(), [plain]);
  assertEquals(await second.loadCapabilities(), held.slice(1));
  await second.close();
});

Deno.test("a state that is too large is refused, and the one before stays", async () => {
  using home = new TempHome();
  const store = await home.open();
  await store.setState(A, bytes(1));
  const error = await rejected(store.setState(A, new Uint8Array(STATE_BYTES_MAX + 1)));
  assertEquals(error.name, "RangeError");
  assertStringIncludes(error.message, "at most 67108864 are kept");
  assertEquals(await store.getState(A), bytes(1));
  await store.close();
});

Deno.test("a process that saves without waiting is refused, others are not", async () => {
  using home = new TempHome();
  const store = await home.open();
  const saves: Promise<void>[] = [];
  for (let i = 0; i < STATE_WAITING_CALLS_PER_PROCESS_MAX + 1; i++) {
    saves.push(store.setState(A, bytes(i)));
  }
  const other = store.setState(B, bytes(1));
  const error = await rejected(saves.pop()!);
  assertStringIncludes(error.message, `too much of ${A} waits to be saved`);
  await Promise.all([...saves, other]);
  await store.close();
});

Deno.test("a full disk refuses that save with its reason, and harms nothing else", async () => {
  using home = new TempHome();
  const store = await home.open({ pagesMax: 40 });
  const [kept, refused, small] = await Promise.allSettled([
    store.setState(A, bytes(1)),
    store.setState(B, randomBytes(1_000_000)),
    store.setState("c:c:template.os" as ProcessId, bytes(3)),
  ]);
  assertEquals([kept.status, refused.status, small.status], ["fulfilled", "rejected", "fulfilled"]);
  assertEquals(
    (refused as PromiseRejectedResult).reason.message,
    `Cannot save the state of ${B}: database or disk is full`,
  );
  assertEquals(home.lines.length, 1);
  assertStringIncludes(home.lines[0]!, "database or disk is full");
  assertEquals([await store.getState(A), await store.getState(B)], [bytes(1), null]);
  await store.setState(B, bytes(2));
  await store.close();
  const again = await home.open();
  assertEquals([await again.getState(A), await again.getState(B)], [bytes(1), bytes(2)]);
  await again.close();
});

Deno.test("when its worker dies, what was asked is refused, and the store is started anew", async () => {
  using home = new TempHome();
  const workers: Worker[] = [];
  const store = await home.open({ makeWorker: (path) => spied(path, () => {}, workers) });
  await store.setState(A, bytes(1));
  // What it does not know makes it throw.
  workers[0]!.postMessage({ type: "junk" });
  const error = await rejected(store.setState(B, bytes(2)));
  assertStringIncludes(error.message, "the node's store died");
  assertStringIncludes(home.lines[0]!, "the store died and is started anew: ");
  assertEquals(await store.getState(A), bytes(1));
  await store.setState(B, bytes(3));
  assertEquals([workers.length, home.lines.length], [2, 1]);
  await store.close();
});

Deno.test("two nodes on one home: the second refuses, until the first has stopped", async () => {
  using home = new TempHome();
  const first = await home.open();
  const error = await rejected(home.open());
  assertEquals(error instanceof StoreUnusable, true);
  assertStringIncludes(error.message, `Cannot use "${home.path}": another node runs on it.`);
  await first.setState(A, bytes(1));
  await first.close();
  const second = await home.open();
  assertEquals(await second.getState(A), bytes(1));
  await second.close();
});

Deno.test("a worker that never comes up is a StoreUnusable", async () => {
  using home = new TempHome();
  const url = "data:text/javascript,throw new Error('no')";
  const makeWorker = () => new Worker(url, { type: "module" });
  const error = await rejected(home.open({ makeWorker }));
  assertEquals(error instanceof StoreUnusable, true);
  assertStringIncludes(error.message, "Cannot start the store: ");
});

/** The true worker; `onRun` hears how many calls each transaction has. */
function spied(home: string, onRun: (calls: number) => void, workers: Worker[] = []): Worker {
  const url = new URL("./store_worker.ts", import.meta.url);
  const permissions = { read: [home], write: [home], sys: ["statfs"] };
  const worker = new Worker(url, { type: "module", deno: { permissions } } as WorkerOptions);
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (message: ToWorker, options?: unknown) => {
    if (message.type === "run") onRun(message.calls.length);
    post(message, options as Transferable[]);
  };
  workers.push(worker);
  return worker;
}
