import { assert, assertEquals } from "@std/assert";
import { Bundler } from "./bundle.ts";
import { StackMapper } from "./source_map.ts";
import { Sources } from "./sources.ts";
import { bundle, LIBRARY_NAMES, run, TempFolder } from "./testing.ts";

/** Bundles hello.ts, runs it, calls its `init` and gives the mapped stack of what that throws. */
async function stackOf(files: Record<string, string>, library = {}): Promise<string> {
  await using folder = new TempFolder(files);
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  const { output } = await bundler.bundle("hello.ts");
  bundler.close();
  const mapper = new StackMapper("hello.ts", output!.code, output!.map);
  try {
    const script = await run(output!.code, library);
    await (script.init as () => Promise<void>)();
  } catch (error) {
    return mapper.map((error as Error).stack!);
  }
  throw new Error("nothing was thrown");
}

Deno.test("map() gives the user's file, line and column for every frame", async () => {
  const stack = await stackOf({
    "hello.ts": `import { Deep } from "./lib/deep.ts";

interface Long { [key: string]: string }

export async function init() {
  await null;
  const words = ["import", "export"]; [1].map(() => new Deep().go(words));
}
`,
    "lib/deep.ts": `export class Deep {
  go(words: string[]): void {
    throw new TypeError(\`two lines:
    at \${words}\`);
  }
}
`,
  });
  assertEquals(stack.split("\n"), [
    "TypeError: two lines:",
    "    at import,export",
    "    at Deep.go (lib/deep.ts:3:11)",
    "    at hello.ts:7:64",
    "    at Array.map (<anonymous>)",
    "    at init (hello.ts:7:43)",
  ]);
});

Deno.test("map() ends where the user's code was called", () => {
  const mapper = new StackMapper(
    "hello.ts",
    "",
    '{"version":3,"sources":[],"names":[],"mappings":""}',
  );
  const stack = [
    "Error: one",
    "    at JSON.parse (<anonymous>)",
    "    at own (hello.ts:1:1)",
    "    at Array.some (<anonymous>)",
    "    at deliver (file:///boot.ts:3:4)",
    "Caused by: Error: two",
    "    at own (hello.ts:2:1)",
    "    at new Promise (<anonymous>)",
  ];
  assertEquals(mapper.map(stack.join("\n")).split("\n"), [0, 1, 2, 5, 6].map((i) => stack[i]));
});

Deno.test("map() reads whole and abbreviated URLs, with and without async", async () => {
  await using folder = new TempFolder({ "hello.ts": "export const a: number = 1;\nthrow 1;\n" });
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  const { output } = await bundler.bundle("hello.ts");
  bundler.close();
  const row = output!.code.split("\n").findIndex((line) => line.startsWith("throw")) + 1;
  const mapper = new StackMapper("hello.ts", output!.code, output!.map);
  const map = (text: string) => mapper.map(text.replaceAll("ROW", String(row)));
  assertEquals(
    map(`Error: x
    at async Module.init (data:text/javascript;base64,Cmds......VVJM==:ROW:1)
    at new Foo (data:text/javascript;charset=utf-8;base64,${"QUJD".repeat(500)}:ROW:1)
    at data:application/javascript;base64,QUJD:ROW:1
    at boot (file:///tmp/deno-compile-kinode/runtime/process/boot.ts:10:2)
    at async file:///home/me/kinode/runtime/process/boot.ts:3:1
    at file:///C:/kinode/runtime/process/boot.ts:3:1
    at ext:core/01_core.js:1:1
    at processTicksAndRejections (node:internal/process/task_queues:7:9)
    at async Promise.all (index 0)`),
    `Error: x
    at async init (hello.ts:2:1)
    at new Foo (hello.ts:2:1)
    at hello.ts:2:1
    at async Promise.all (index 0)`,
  );
  assertEquals(
    map(`Error: x
    at Array.map (<anonymous>)
    at f (data:text/javascript;base64,QUJD:ROW:1)
    at Array.some (<anonymous>)
    at receive (file:///home/me/kinode/runtime/process/mailbox.ts:3:1)`),
    `Error: x
    at Array.map (<anonymous>)
    at f (hello.ts:2:1)`,
  );
  const own = "file:///home/me/kinode/runtime/process/mailbox.ts:3:1";
  assertEquals(
    map(`Error: x
    at f (data:text/javascript;base64,QUJD:ROW:1)
    at receive (${own}) {
  [cause]: Error: y
      at async g (data:text/javascript;base64,QUJD:ROW:1),
    Error: z
      at async h (data:text/javascript;base64,QUJD:ROW:1)
      at async ${own}
      at async ${own},
}`),
    `Error: x
    at f (hello.ts:2:1) {
  [cause]: Error: y
      at async g (hello.ts:2:1),
    Error: z
      at async h (hello.ts:2:1),
}`,
  );
  assertEquals(
    map("Error: see data: and file:///x.ts:1:2"),
    "Error: see data: and file:///x.ts:1:2",
  );
  assertEquals(map("Error\n    at f (data:text/javascript;base64,QUJD:9999:1)"), "Error");
});

Deno.test("map() names the place of a SyntaxError that only V8 sees", async () => {
  const stack = await stackOf({
    "hello.ts": "\n\nexport const init = () => {};\nexport const r = /(?<n>a)(?<n>b)/;\n",
  }).catch((error: Error) => error.message);
  assert(/^SyntaxError: Invalid regular expression.* hello\.ts:4:18$/m.test(stack), stack);
});

Deno.test("map() does not labour over a trace that a script has written", () => {
  // 64 kB, as a print may have; each took from one to sixty seconds of the node's own thread.
  const CHARS = 65_536;
  const code = `${"\\u0069mport,".repeat(1_000_000)}\n`;
  const mapper = new StackMapper("hello.ts", code, '{"version":3,"sources":[],"mappings":""}');
  const traces = [
    ` at ${" ext:".repeat(CHARS / 5)}(`,
    "data:text/javascript".repeat(CHARS / 20),
    ` at ${"data:text/javascript;base64,".repeat(CHARS / 28)}`,
    " at f (data:text/javascript,:1:9999999)\n".repeat(CHARS / 40),
  ];
  const from = performance.now();
  const mapped = traces.map((trace) => mapper.map(trace));
  const ms = performance.now() - from;
  assertEquals(mapped, [traces[0]!, traces[1]!, traces[2]!, ""]);
  assert(ms < 5_000, `it took ${ms} ms`);
});

Deno.test("map() of made-up places takes no more time than a trace does", async () => {
  // One line whose map has 60,000 places; the print names them in no order.
  const long = `export default \`${"${a}".repeat(60_000)}\`;`;
  const { output } = await bundle({ "hello.ts": long });
  const mapper = new StackMapper("hello.ts", output!.code, output!.map);
  const row = output!.code.split("\n").findIndex((line) => line.length > 1_000) + 1;
  const places = (count: number) =>
    Array.from({ length: count }, (_, i) => {
      const url = `data:text/javascript:${row}:${20 + i * 7_919 % 230_000}`;
      return i % 40 === 39 ? `${url}\n` : `${url} `;
    }).join("");
  mapper.map(places(1)); // The map is read through once.
  const took = (count: number) => {
    const from = performance.now();
    const mapped = mapper.map(places(count));
    return { ms: performance.now() - from, mapped };
  };
  const { ms, mapped } = took(2_000);
  assertEquals(mapped.match(/hello\.ts:1:/g)?.length, 1_000);
  assertEquals(mapped.match(/data:/g)?.length, 1_000);
  assert(ms < 500, `it took ${ms} ms`); // It took 1,400 with notes of 16 kB, 10 with those of today.
});
