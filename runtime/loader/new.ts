/** `kinode new NAME`: a script or a package that runs at once. */
import { dirname, join } from "@std/path";
import { parseProcessId } from "../protocol/address.ts";
import { ENDINGS } from "./packages.ts";
import { NOT_A_PROCESS } from "./scan.ts";

export const TEMPLATES = ["web", "kinode", "websocket", "package"] as const;
export type Template = typeof TEMPLATES[number];

const WEB = `// Answers HTTP requests to its path, and to any path below it.
export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    return new Response(\`hello from \${pathname}\\n\`);
  },
};
`;

const KINODE = `// A loop over messages, as in Kinode.
import { awaitMessage, http, println } from "@kinode/process";

export async function init(our: string) {
  println(\`\${our}: begin\`);
  await http.bindHttpPath("/", false, false);
  while (true) {
    const message = await awaitMessage();
    if (message.source.process !== "http_server:distro:sys") continue;
    http.sendResponse(200, { "content-type": "text/plain" }, "hello\\n");
  }
}
`;

const WEBSOCKET = `// Serves WebSockets; they stay open when this file is saved.
import type { WebStyle } from "@kinode/process";

export default {
  fetch: () => new Response("connect to this path with a WebSocket\\n"),
  websocket: {
    open(ws, { resumed }) {
      if (!resumed) ws.send("welcome");
    },
    message(ws, data) {
      ws.send(data);
    },
  },
} satisfies WebStyle;
`;

/** The path of each file, in the folder of the scripts, and what it holds. */
function filesOf(name: string, template: Template): Record<string, string> {
  if (template !== "package") {
    return { [`${name}.ts`]: { web: WEB, kinode: KINODE, websocket: WEBSOCKET }[template] };
  }
  const manifest = [{
    process_name: name,
    process_wasm_path: `/${name}.ts`,
    on_exit: "Restart",
    request_capabilities: ["http_server:distro:sys"],
    grant_capabilities: ["http_server:distro:sys"],
    public: false,
  }];
  return {
    [`${name}/manifest.json`]: `${JSON.stringify(manifest, null, 2)}\n`,
    [`${name}/${name}.ts`]: WEB,
  };
}

/** Writes it into `folder`, made when missing; returns the paths. Throws an Error for the person, and writes nothing then. */
export async function makeNew(folder: string, name: string, template: Template): Promise<string[]> {
  try {
    parseProcessId(`${name}:${name}:template.os`);
  } catch (error) {
    throw new Error(`"${name}" cannot be a process: ${(error as Error).message}`);
  }
  if (NOT_A_PROCESS.test(template === "package" ? name : `${name}.ts`)) {
    throw new Error(`"${name}" cannot be a process: what has such a name is a helper or a test`);
  }
  const files = Object.entries(filesOf(name, template)).map(([file, text]) =>
    [join(folder, file), text] as const
  );
  // Any of these would be the same process, or a part of it.
  const taken = [name, ...[...ENDINGS, "zip"].map((ending) => `${name}.${ending}`)];
  for (const path of taken.map((file) => join(folder, file))) {
    if (await exists(path)) throw new Error(`${path} is there already; nothing was written`);
  }
  for (const [path, text] of files) {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { createNew: true });
  }
  return files.map(([path]) => path);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
