// Threat: what costs a process little and the node much. A thousand requests at once to the node itself, six descriptors each (a
// Deno without any ends); answers of megabytes that nobody reads, which are no process's memory; a hundred processes
// that end at once, for whose isolates the kernel's thread had to wait ten seconds. What the others see: they are served, and
// nobody is ended for it but who does it.
import { assert, assertEquals } from "@std/assert";
import { measure } from "../bench/_quiet.ts";
import { assertServed, assertUnharmed, startAttacked } from "./attack.ts";
import { remainsOf } from "./remains.ts";

const SECONDS = 4;
const MAX_MS_MAX = 4_000;
const PROCESSES = 100;

const begins = `console.log("begins");`;
const program = (work: string) =>
  `export const config = { on_exit: "None" };
const url = (path) => "URL" + path;
setTimeout(async () => { ${begins} ${work} }, 300);
export default { fetch: () => new Response(new Uint8Array(16 * 1024 * 1024)) };`;

const ways: Record<string, string> = {
  fetches: `const again = async () => {
    for (;;) await fetch(url("/quiet:quiet:template.os/")).then((r) => r.text()).catch(() => {});
  };
  for (let i = 0; i < 1_000; i++) again();`,
  leaves_unread: `const kept = [];
  for (let i = 0; i < 400; i++) {
    const response = await fetch(url("/leaves_unread:leaves_unread:template.os/"));
    if (response.ok) kept.push(response); else await response.text();
  }
  await new Promise(() => {});`,
};

for (const [way, work] of Object.entries(ways)) {
  Deno.test({
    name: `hostile: ${way}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using node = await startAttacked({});
      await assertUnharmed(node);
      await node.drop(`${way}.ts`, program(work).replace("URL", node.url));
      await node.waitForLine(` ${way}:template.os: begins`);
      await assertServed(node, SECONDS);
      const { descriptors } = remainsOf(node.pid);
      assert(descriptors < 8_000, `${descriptors} descriptors`);
      const others = node.lines.filter((line) => / ended with error/.test(line))
        .filter((line) => !line.includes(`${way}:${way}:`));
      assertEquals(others, []);
      await assertUnharmed(node);
    },
  });
}

Deno.test("hostile: a hundred processes that end at once do not stop the others", async () => {
  const names = Array.from({ length: PROCESSES }, (_, i) => `s${i}`);
  const manifest = names.map((name) => ({
    process_name: name,
    process_wasm_path: "/one.ts",
  }));
  const one = `import { our } from "@kinode/process";
export async function init() { console.log(our().processName, "runs"); await new Promise(() => {}); }`;
  await using node = await startAttacked({
    files: { "many/manifest.json": JSON.stringify(manifest), "many/one.ts": one },
  });
  for (const name of names) await node.waitForLine(` many:template.os: ${name} runs`);
  await assertUnharmed(node);
  const quiet = measure(`${node.url}/quiet:quiet:template.os/`, SECONDS);
  await Deno.remove(`${node.processes}/many`, { recursive: true });
  const { failed, max } = await quiet;
  assertEquals([failed, max < MAX_MS_MAX], [0, true], `one waited ${max} ms`);
  for (const name of names) await node.waitForLine(`kinode: stopped ${name}:many:template.os`);
});
