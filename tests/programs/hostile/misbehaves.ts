// Threat: a process that takes all it can get of one thing (time, memory, the port, the system's threads), without
// end. Which one is in the name that it was dropped under.
import {
  Capability,
  getState,
  http,
  our,
  ourCapabilities,
  println,
  Request,
  saveCapabilities,
  setState,
  spawn,
} from "@kinode/process";

export const config = {
  on_exit: "None",
  request_capabilities: ["silent:silent:template.os"],
};

const MB = 1024 * 1024;
const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));
const send = (body: string | Uint8Array) =>
  Request.to("our@silent:silent:template.os").body(body).send();
const kept: unknown[] = [];
const password = () =>
  crypto.subtle.importKey("raw", new Uint8Array(8), "PBKDF2", false, ["deriveBits"]);

const ways: Record<string, () => unknown> = {
  loops() {
    for (;;);
  },
  async microtasks() {
    for (;;) await null;
  },
  async heap() {
    for (;; await nextTurn()) for (let i = 0; i < 10_000; i++) kept.push({ i, text: `${i}` });
  },
  heap_at_once() {
    for (let i = 0;; i++) kept.push({ i, text: `${i}` });
  },
  async buffers() {
    for (;; await nextTurn()) kept.push(new Uint8Array(16 * MB).fill(1));
  },
  async blobs() {
    for (;; await nextTurn()) kept.push(new Blob([new Uint8Array(16 * MB).fill(1)]));
  },
  async wasm_memory() {
    for (;; await nextTurn()) {
      const memory = new WebAssembly.Memory({ initial: 256 });
      new Uint8Array(memory.buffer).fill(1);
      kept.push(memory);
    }
  },
  async wasm_memories() {
    for (;; await nextTurn()) {
      for (let i = 0; i < 1_000; i++) {
        kept.push(new WebAssembly.Memory({ initial: 1, maximum: 65_536 }));
      }
    }
  },
  async untouched_buffers() {
    for (;; await nextTurn()) for (let i = 0; i < 1_000; i++) kept.push(new ArrayBuffer(MB / 4));
  },
  async shared_buffers() {
    for (;; await nextTurn()) {
      for (let i = 0; i < 100; i++) {
        kept.push(new SharedArrayBuffer(MB, { maxByteLength: 1024 * MB }));
      }
    }
  },
  async sends() {
    for (;; await null) send("flood");
  },
  async sends_and_yields() {
    for (;; await nextTurn()) for (let i = 0; i < 10_000; i++) send("flood");
  },
  async sends_large() {
    for (;; await nextTurn()) for (let i = 0; i < 4; i++) send(new Uint8Array(60 * MB));
  },
  async sends_large_text() {
    const text = "x".repeat(60 * MB);
    for (;; await nextTurn()) send(text);
  },
  async saves_large() {
    for (;;) await setState(new Uint8Array(60 * MB));
  },
  async reads_large() {
    await setState(new Uint8Array(60 * MB));
    // It holds none of them: that would be another way.
    const one = async () => (await getState())!.length;
    for (;;) await Promise.all(Array.from({ length: 1_000 }, one));
  },
  async lists() {
    const capability = (i: number) => new Capability(our(), { [`key ${i}`]: "x".repeat(20) });
    for (let list = 0; list < 10; list++) {
      const ours = Array.from({ length: 300 }, (_, i) => capability(300 * list + i));
      await saveCapabilities(ours);
    }
    for (;;) await Promise.all(Array.from({ length: 1_000 }, () => ourCapabilities()));
  },
  async grants() {
    const ours = Array.from({ length: 300 }, (_, i) => new Capability(our(), { [`key ${i}`]: i }));
    for (;;) await Promise.allSettled(Array.from({ length: 50 }, () => saveCapabilities(ours)));
  },
  async binds() {
    const one = (_: unknown, i: number) => http.bindHttpPath(`/${i}/${Math.random()}`);
    for (;;) await Promise.allSettled(Array.from({ length: 900 }, one));
  },
  async spawns() {
    const one = () => spawn({ path: "_child.ts" });
    for (;;) await Promise.allSettled(Array.from({ length: 1_000 }, one));
  },
  async attaches() {
    const params = Array.from({ length: 300 }, (_, i) => ({ [`key ${i}`]: "x".repeat(80) }));
    const capabilities = [new Capability(our(), params)];
    const target = "our@silent:silent:template.os";
    for (;; await nextTurn()) {
      for (let i = 0; i < 100; i++) {
        Request.to(target).body("").capabilities(capabilities).send();
      }
    }
  },
  async acts() {
    const action = JSON.stringify({ Unbind: { path: "/", more: Array(3_000).fill(null) } });
    for (;; await nextTurn()) {
      for (let i = 0; i < 400; i++) Request.to("our@http_server:distro:sys").body(action).send();
    }
  },
  async amplifies() {
    const metadata = new Array(100).fill("x".repeat(MB)) as never;
    for (;; await nextTurn()) {
      Request.to("our@silent:silent:template.os").body("").metadata(metadata).send();
    }
  },
  async prints() {
    for (;; await null) println("flood");
  },
  async prints_and_yields() {
    for (;; await nextTurn()) for (let i = 0; i < 10_000; i++) println("flood");
  },
  rejects() {
    for (let i = 0; i < 100_000; i++) Promise.reject(new Error(`${i}`));
    return new Promise(() => {});
  },
  crashes() {
    throw new Error("crash");
  },
  waits() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  timers() {
    const again = () => void setTimeout(again, 0);
    for (let i = 0; i < 100_000; i++) setTimeout(again, 0);
    return new Promise(() => {});
  },
  recurses() {
    const deeper = (n: number): number => 1 + deeper(n + 1);
    for (;;) {
      try {
        deeper(0);
      } catch { /* And again. */ }
    }
  },
  matches() {
    /^(a+)+$/.test("a".repeat(50) + "b");
  },
  async derives() {
    const key = await password();
    const hard = { name: "PBKDF2", hash: "SHA-512", salt: new Uint8Array(8), iterations: 4e9 };
    for (let i = 0; i < 600; i++) kept.push(crypto.subtle.deriveBits(hard, key, 256));
    await Promise.race(kept);
  },
  async makes_keys() {
    const long = { name: "RSA-PSS", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]) };
    for (let i = 0; i < 600; i++) {
      const one = { ...long, modulusLength: 16_384 };
      kept.push(crypto.subtle.generateKey(one, false, ["sign", "verify"]));
    }
    await Promise.race(kept);
  },
  async inflates() {
    const zeros = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(MB)),
    });
    const zipped = zeros.pipeThrough(new CompressionStream("gzip"));
    kept.push(
      await new Response(zipped.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer(),
    );
  },
  clones() {
    let tree: unknown[] = [];
    for (let i = 0; i < 18; i++) tree = [tree, structuredClone(tree)];
    for (;;) kept[0] = structuredClone(tree);
  },
  ports() {
    for (let i = 0; i < 50_000; i++) kept.push(new MessageChannel());
    return new Promise(() => {});
  },
  listeners() {
    const listen = () => addEventListener("x", () => listen());
    listen();
    for (;;) dispatchEvent(new Event("x"));
  },
};

export async function init() {
  const way = our().processName;
  println(`${way} begins`);
  await nextTurn();
  await ways[way]!();
}
