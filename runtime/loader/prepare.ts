/** The processes folder on first start: a README and a first process to edit. */
import { join } from "@std/path";
import type { Log } from "../log.ts";
import { writeEditorFiles } from "./editor.ts";

const README = `# Your processes

Every script in this folder (\`hello.ts\`, also .js .mts .tsx) is a process of its own, isolated from the
others and from your machine. Save a file and its process starts anew; delete it and the process ends.

- \`hello.ts\` is the process \`hello:hello:template.os\`; it answers under that path of the node's URL.
- Helpers: a file whose name begins with \`_\` is no process, nor is anything in a sub-folder; import it with
  its whole name: \`import { greet } from "./_greet.ts"\`.
- Data: \`import page from "./page.html"\`, \`import settings from "./settings.json"\`.
- The node's own library: \`import { awaitMessage, http, println } from "@kinode/process"\`.
`;

const HELLO =
  `// A process of the web kind: it answers HTTP requests. Edit it and save, the node does the rest.
export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    return new Response(\`hello from \${pathname}\\n\`);
  },
};
`;

/** A folder that cannot be used, said to the person who named it. */
export class FolderUnusable extends Error {
  override name = "FolderUnusable";
}

/** Creates `folder` with a README.md and a hello.ts, and says so; one that exists, even empty, is left as it is. */
export async function prepareFolder(folder: string, log: Log): Promise<"created" | "found"> {
  const info = await infoOf(folder);
  if (info !== null) {
    if (!info.isDirectory) throw new FolderUnusable(`${folder} is a file; processes need a folder`);
    await checkReadable(folder);
    return "found";
  }
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "README.md"), README);
    await Deno.writeTextFile(join(folder, "hello.ts"), HELLO);
    await writeEditorFiles(folder, log);
  } catch (error) {
    throw new FolderUnusable(`cannot create ${folder}: ${(error as Error).message}`);
  }
  log.info(`made the folder ${folder}, with a hello.ts to begin with`);
  return "created";
}

async function infoOf(folder: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new FolderUnusable(`cannot use ${folder}: ${(error as Error).message}`);
  }
}

async function checkReadable(folder: string): Promise<void> {
  try {
    for await (const _entry of Deno.readDir(folder)) break;
  } catch (error) {
    throw new FolderUnusable(`cannot read ${folder}: ${(error as Error).message}`);
  }
}
