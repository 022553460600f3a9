import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { writeEditorFiles } from "./editor.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const TYPES = join(ROOT, "runtime", "loader", "library_types.json");
const MARKDOWN = [
  "README.md",
  "docs/CLIENT.md",
  "docs/HTTP.md",
  "docs/LIMITS.md",
  "docs/PACKAGES.md",
];

/** Blocks of TypeScript that are whole modules, by the place where they begin. */
function examplesIn(name: string, lines: string[]): [name: string, code: string][] {
  const found: [string, string][] = [];
  let code: string[] | null = null;
  let indent = "";
  for (const [i, line] of lines.entries()) {
    const fence = /^([\s*]*)```(\w*)/.exec(line);
    if (code === null) {
      if (fence?.[2] === "ts") [code, indent] = [[], fence[1]!];
    } else if (fence === null) {
      code.push(
        line.startsWith(indent) ? line.slice(indent.length) : line.trimStart().replace(/^\* ?/, ""),
      );
    } else {
      const text = code.join("\n");
      if (/^(import|export) /m.test(text)) found.push([`${name}_${i - code.length + 1}.ts`, text]);
      code = null;
    }
  }
  return found;
}

async function allExamples(): Promise<[string, string][]> {
  const { lines } = JSON.parse(await Deno.readTextFile(TYPES)) as { lines: string[] };
  const found = examplesIn("library", lines);
  for (const path of MARKDOWN) {
    const text = await Deno.readTextFile(join(ROOT, path));
    found.push(...examplesIn(path.replaceAll(/\W/g, "_"), text.split("\n")));
  }
  return found;
}

// As a user's editor sees them: in a folder with what the first start writes there.
Deno.test("every example of the library's declarations and of the guides is right", async () => {
  const examples = await allExamples();
  assertEquals(examples.length > 35, true, `only ${examples.length} were found`);
  const folder = await Deno.makeTempDir({ prefix: "kinode-examples-" });
  try {
    await writeEditorFiles(folder, { info() {}, warn() {} });
    for (const [name, code] of examples) await Deno.writeTextFile(join(folder, name), code);
    const options: Deno.CommandOptions = {
      args: ["check", "."],
      cwd: folder,
      env: { NO_COLOR: "1" },
    };
    const { code, stderr } = await new Deno.Command(Deno.execPath(), options).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 0, said.replaceAll(`file://${dirname(join(folder, "x"))}/`, ""));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
