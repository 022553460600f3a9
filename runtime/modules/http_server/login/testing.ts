/** For the unit tests here: a login over a fresh folder, and what a browser would do with it. */
import { join } from "@std/path";
import { Login } from "./login.ts";

export const HASH = `0x${"ab".repeat(32)}`;
export const OTHER = `0x${"cd".repeat(32)}`;

export class Bed {
  now = 1_800_000_000_000;
  readonly lines: string[] = [];
  login!: Login;

  private constructor(readonly home: string) {}

  static async make(options: { fake?: boolean; passwordFile?: string } = {}): Promise<Bed> {
    const bed = new Bed(await Deno.makeTempDir());
    return await bed.start(options);
  }

  /** The node's start, or its next one. */
  async start({ fake = false, passwordFile = null as string | null, node = "fake.dev" } = {}) {
    const line = (text: string) => void this.lines.push(text);
    this.login = await Login.open({
      node,
      fake,
      passwordFile,
      domains: ["home.example"],
      path: join(this.home, "keyfile.json"),
      iterations: 1_000,
      log: { info: line, warn: line },
      now: () => this.now,
    });
    return this;
  }

  get setup(): string {
    return /setup=(.+)$/.exec(this.login.hint("http://localhost:8080") ?? "")?.[1] ?? "";
  }

  async ask(
    method: string,
    path: string,
    { body = null as unknown, headers = {}, client = "9.9.9.9" } = {},
  ) {
    const text = body === null ? null : typeof body === "string" ? body : JSON.stringify(body);
    const length: Record<string, string> = text === null
      ? {}
      : { "content-length": String(text.length) };
    const request = new Request(`http://localhost:8080${path}`, {
      method,
      body: text,
      headers: { host: "localhost:8080", ...length, ...headers },
    });
    const url = new URL(request.url);
    const answer = this.login.answer(request, {
      path: url.pathname,
      query: url.search.slice(1),
      client,
    });
    if (answer === null) throw new Error(`${path} is not the login's`);
    return await answer;
  }

  /** Logs in, and gives the cookie back. */
  async cookie(hash = HASH, subdomain: string | null = null, setup = this.setup): Promise<string> {
    const response = await this.ask("POST", "/login", {
      body: { password_hash: hash, subdomain, setup },
    });
    if (response.status !== 200) throw new Error(`no login: ${await response.text()}`);
    return response.headers.get("set-cookie")!.split(";")[0]!;
  }

  isIn(cookie: string, subdomain: string | null = null): Promise<boolean> {
    return this.login.isLoggedIn(new Headers({ cookie }), subdomain);
  }

  async close(): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }
}

export function bedTest(name: string, run: (bed: Bed) => Promise<void>, options = {}): void {
  Deno.test(name, async () => {
    const bed = await Bed.make(options);
    try {
      await run(bed);
    } finally {
      await bed.close();
    }
  });
}
