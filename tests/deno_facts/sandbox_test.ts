// design.md §4, facts 1 to 3 and 5: what a worker may do, and what it must never get. If one of these fails, the Deno
// that runs it is not the one that the sandbox was built on: read design.md §4 before anything is changed here.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as esbuild from "esbuild-wasm";
import { facts, OLD } from "./run.ts";

const HELD = ["read", "write", "net", "env", "run", "sys", "ffi"];

Deno.test('fact 1: a Web Worker with `deno: {permissions: "none"}` cannot read, write, connect, spawn or see the environment', async () => {
  const { denied, states } = await facts<{ denied: string[]; states: string[] }>({
    "main.mjs": `
      const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
        type: "module", deno: { permissions: "none" },
      });
      worker.onmessage = ({ data }) => { console.log(JSON.stringify(data)); Deno.exit(0); };`,
    "worker.mjs": `
      const ways = {
        read: () => Deno.readTextFile("/etc/hostname"),
        write: () => Deno.writeTextFile("./x", ""),
        net: () => Deno.connect({ hostname: "127.0.0.1", port: 1 }),
        fetch: () => fetch("http://127.0.0.1:65000"),
        run: () => new Deno.Command(Deno.execPath()).output(),
        env: () => Deno.env.get("PATH"),
        sys: () => Deno.hostname(),
      };
      const denied = [];
      for (const [name, way] of Object.entries(ways)) {
        try { await way(); } catch (error) { if (/NotCapable|Requires net/.test(error.name + error.message + error.cause)) denied.push(name); }
      }
      const states = ${
      JSON.stringify(HELD)
    }.map((name) => Deno.permissions.querySync({ name }).state);
      postMessage({ denied, states });`,
  });
  assertEquals(denied, ["read", "write", "net", "fetch", "run", "env", "sys"]);
  assertEquals(states.filter((state) => state === "granted"), [], states.join());
});

Deno.test("fact 1: from source, import() of a file in such a worker asks for permission (in a compiled binary it does not)", async () => {
  const said = await facts<string>({
    "main.mjs": `
      const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
        type: "module", deno: { permissions: "none" },
      });
      worker.onmessage = ({ data }) => { console.log(JSON.stringify(data)); Deno.exit(0); };`,
    "worker.mjs": `
      const path = "./secret" + ".json";
      try {
        postMessage((await import(path, { with: { type: "json" } })).default.secret);
      } catch (error) { postMessage(String(error)); }`,
    "secret.json": `{ "secret": "seen" }`,
  });
  assertStringIncludes(said, "read access");
});

Deno.test("fact 2: --disallow-code-generation-from-strings turns eval and new Function off; WebAssembly keeps working", async () => {
  const said = await facts<string[]>({
    "main.mjs": `
      const said = [];
      const AsyncFunction = (async () => {}).constructor;
      for (const way of [() => (0, eval)("1"), () => new Function("1"), () => new AsyncFunction("1")]) {
        try { way(); said.push("ran"); } catch (error) { said.push(error.name); }
      }
      const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      said.push(typeof new WebAssembly.Instance(module).exports);
      console.log(JSON.stringify(said));`,
  });
  assertEquals(said, ["EvalError", "EvalError", "EvalError", "object"]);
});

Deno.test({
  name:
    'fact 3: esbuild with `supported: {"dynamic-import": false}` leaves no `import(` in its output',
  // Its service runs on, as in the loader's worker.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const wasm = import.meta.resolve("esbuild-wasm").replace(/esm\/browser\.js$/, "esbuild.wasm");
    const bytes = await Deno.readFile(new URL(wasm));
    const wasmModule = await WebAssembly.compile(bytes as BufferSource);
    await esbuild.initialize({ wasmModule, worker: false });
    const sources = [
      `import("./a.js")`,
      `const x = "a"; import(x).then(console.log)`,
      `import(/* webpackIgnore: true */ \`\${1}\`)`,
      `import("a.json", { with: { type: "json" } })`,
    ];
    for (const source of sources) {
      const { code } = await esbuild.transform(source, {
        format: "esm",
        supported: { "dynamic-import": false },
      });
      assert(!/import\s*\(/.test(code), `${source} became ${code}`);
      assertStringIncludes(code, "require(");
    }
    await esbuild.stop();
  },
});

Deno.test("fact 5: a worker_threads Worker shares its creator's permissions: revoked inside, they are gone outside", async () => {
  const states = await facts<string[]>({
    "main.mjs": `
      import { Worker } from "node:worker_threads";
      const state = () => Deno.permissions.querySync({ name: "write" }).state;
      const before = state();
      const worker = new Worker(new URL("./worker.mjs", import.meta.url));
      worker.on("message", (inside) => {
        console.log(JSON.stringify([before, inside, state()]));
        Deno.exit(0);
      });`,
    "worker.mjs": `
      import { parentPort } from "node:worker_threads";
      parentPort.postMessage(Deno.permissions.revokeSync({ name: "write" }).state);`,
  });
  const outside = states[2];
  assertEquals(states.slice(0, 2), ["granted", OLD ? states[1] : "prompt"]);
  assertEquals(outside, states[1], "the permissions of the main thread are those of its worker");
});
