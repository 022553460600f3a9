// A program run by the Deno under test, in a process of its own: a fact may end it.

/** The node's own flags, but for what it may do. */
const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
const FLAGS = (tasks.start as string).split(" ").filter((word) => /^--(?!allow-)/.test(word));

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Deno 2.4 can do less (fact 9); what it cannot is asserted, not skipped. */
export const OLD = Deno.version.deno.startsWith("2.4.");

/** Runs `files["main.mjs"]` with all permissions; the other files stand beside it. */
export async function run(files: Record<string, string>, more: string[] = []): Promise<Ran> {
  const folder = await Deno.makeTempDir({ prefix: "kinode-facts-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", ...FLAGS, ...more, `${folder}/main.mjs`],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout).trim(), stderr: text.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the program printed last, as JSON; fails with all that it said where that is none. */
export async function facts<T>(files: Record<string, string>, more: string[] = []): Promise<T> {
  const ran = await run(files, more);
  try {
    return JSON.parse(ran.stdout.split("\n").at(-1) ?? "") as T;
  } catch {
    throw new Error(`no JSON came out, code ${ran.code}:\n${ran.stdout}\n${ran.stderr}`);
  }
}
