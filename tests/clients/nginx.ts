// nginx, Debian's own, as the server that a process calls: in a folder of its own, on a port of loopback that was free a
// moment ago (nginx knows no port 0), in the foreground, gone with its test.
import { within } from "../conformance/within.ts";

export class Nginx implements AsyncDisposable {
  /** `http://localhost:4321`. */
  readonly url: string;
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(child: Deno.ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.url = `http://localhost:${port}`;
  }

  /** `locations`: what stands in its `server { … }`; `files`: what is below its root. */
  static async start(
    nginx: string,
    locations: string,
    files: Record<string, string> = {},
  ): Promise<Nginx> {
    const folder = await Deno.makeTempDir({ prefix: "kinode-nginx-" });
    await Deno.chmod(folder, 0o755); // Its workers are somebody else.
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const port = freePort();
    await Deno.writeTextFile(`${folder}/nginx.conf`, config(folder, port, locations));
    const args = ["-p", folder, "-c", `${folder}/nginx.conf`, "-e", "stderr"];
    const child = new Deno.Command(nginx, { args, stderr: "piped" }).spawn();
    const server = new Nginx(child, folder, port);
    const said = new Response(child.stderr).text();
    const died = child.status.then(async () => {
      throw new Error(`nginx did not start: ${await said}`);
    });
    died.catch(() => {});
    await within("nginx", Promise.race([answers(port), died]));
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill();
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function config(folder: string, port: number, locations: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`).join("\n");
  return `daemon off;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary}
  types { text/plain txt; application/json json; }
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    ${locations}
  }
}
`;
}

/** One of loopback where nobody listens. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function answers(port: number): Promise<void> {
  while (true) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
