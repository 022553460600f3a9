/**
 * Who is the owner? (spec/http.md §2.7)
 *
 *   GET /login ─► page ─ POST /login {password_hash} ─► Keyfile.open ─► cookie
 *   any request to an authenticated path ─► isLoggedIn ─┬─ yes
 *                                                       └─ no ─► refuse: the page, or 401 as JSON
 *
 * A fake node takes every password. A real one has none at its first start: the page to set it opens only with
 * the token that the terminal shows.
 */
import { LOGIN_BODY_BYTES_MAX } from "./limits.ts";
import type { Log } from "../../../log.ts";
import { textOf } from "../../../protocol/message.ts";
import { join } from "@std/path";
import { readArgon2File } from "./argon2_files.ts";
import { Attempts } from "./attempts.ts";
import { cookieName, Cookies, setCookie } from "./cookies.ts";
import {
  Keyfile,
  KEYFILE_ROUNDS,
  type KeyfileOptions,
  KeyfileUnusable,
  WrongPassword,
} from "./keyfile.ts";
import { isAddressHost, isForeign, isLoopbackHost } from "./origin.ts";
import { loginPage } from "./page.ts";
import { hashOfFile } from "./password_file.ts";
import { redirectOf, tryReadBody } from "./said.ts";

export interface LoginOptions extends KeyfileOptions {
  fake: boolean;
  /** A file whose first line is the password: for a node that starts without a person. */
  passwordFile: string | null;
  /** Beside localhost, names that lead here. */
  domains: readonly string[];
  log: Log;
  /** Milliseconds since 1970. */
  now(): number;
}

/** As much of a Request as a login needs. */
type Asked = Pick<Request, "url" | "method" | "headers" | "bytes">;

/** The request line as the listener has read it. */
export interface LoginRequest {
  path: string;
  query: string;
  /** Whose failures count together: an IPv4 address, or an IPv6 /64. */
  client: string;
}

/** What Kinode's fake nodes hash every password to. */
const FAKE_HASH = "secret";

export class Login {
  readonly #options: LoginOptions;
  readonly #attempts: Attempts;
  readonly #setup: string | null;
  #keyfile: Keyfile | null;
  #cookies: Cookies | null = null;
  #creating: Promise<Keyfile> | null = null;

  private constructor(options: LoginOptions, keyfile: Keyfile | null) {
    this.#options = options;
    this.#keyfile = keyfile;
    this.#attempts = new Attempts(options.now);
    this.#setup = keyfile === null ? crypto.randomUUID() : null;
  }

  /** Reads the keyfile. Throws KeyfileUnusable. */
  static async open(options: LoginOptions): Promise<Login> {
    const login = new Login(options, await Keyfile.read(options));
    if (options.fake) await login.#unlock(FAKE_HASH, options);
    else if (options.passwordFile !== null) await login.#unlockBy(options.passwordFile);
    return login;
  }

  /** What the person at the terminal has to know, if anything. `origin`: `http://localhost:8080`. */
  hint(origin: string): string | null {
    if (this.#keyfile === null) {
      return `this node has no password yet: set one at ${origin}/login#setup=${this.#setup}`;
    }
    if (this.#cookies === null) {
      return `nobody has logged in since the start: paths that want a login wait for ${origin}/login`;
    }
    return null;
  }

  /** Prints the hint, if there is one. */
  sayHint(origin: string): void {
    const hint = this.hint(origin);
    if (hint !== null) this.#options.log.info(hint);
  }

  /** The answer to `/login`, `/logout` and the page's files; `null` for every other path. */
  answer(request: Asked, at: LoginRequest): Response | Promise<Response> | null {
    const path = at.path.length > 1 && at.path.endsWith("/") ? at.path.slice(0, -1) : at.path;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (path === "/login" && isRead) return this.#own(request.headers, at.query);
    if (path === "/login" && request.method === "POST") return this.#login(request, at);
    if (path === "/login") return said(405, "GET or POST", { allow: "GET, HEAD, POST" });
    if (path === "/logout") return this.#logout(request, at);
    if (path.startsWith("/login/") && isRead) return this.#file(path.slice("/login/".length));
    return null;
  }

  /** Whether the request bears a good cookie. `subdomain`: the process of a secure binding, else `null`. */
  async isLoggedIn(headers: Headers, subdomain: string | null): Promise<boolean> {
    const cookie = headers.get("cookie");
    if (cookie === null || this.#cookies === null) return false;
    return await this.#cookies.isGood(cookie, subdomain);
  }

  /** What gets who is not logged in: a program 401, a person the page (spec/http.md §1.6: with 200). */
  refuse(headers: Headers, subdomain: string | null): Response {
    const accept = headers.get("accept") ?? "";
    const isProgram = accept.includes("application/json") && !accept.includes("text/html");
    if (!isProgram) return this.#page(subdomain, null);
    const error = "this path needs a login: POST /login, and send its cookie";
    return Response.json({ error, login: "/login" }, { status: 401, headers: NO_STORE });
  }

  /** Who is logged in and comes without an aim finds the way out here. */
  async #own(headers: Headers, query: string): Promise<Response> {
    const redirect = redirectOf(query);
    if (redirect !== null || !await this.isLoggedIn(headers, null)) {
      return this.#page(null, redirect);
    }
    return loginPage({ node: this.#options.node, subdomain: null, mode: "in", next: null });
  }

  #page(subdomain: string | null, next: string | null): Response {
    const { node, fake } = this.#options;
    const mode = fake ? "any" : this.#keyfile === null ? "setup" : "login";
    return loginPage({ node, subdomain, mode, next });
  }

  async #file(name: string): Promise<Response> {
    const text = await readArgon2File(name);
    if (text === null) return said(404, "no such file");
    const headers = { "content-type": "text/javascript", "cache-control": "public, max-age=3600" };
    return new Response(text, { headers });
  }

  async #login(request: Asked, { query, client }: LoginRequest): Promise<Response> {
    if (isForeign(request)) return said(403, "a login comes from this node's own page");
    if (this.#isUnderAnyName(request.headers)) {
      return said(
        403,
        "a fake node is logged in to at localhost, at its address, or at its --domain",
      );
    }
    const length = request.headers.get("content-length");
    if (length === null) return said(411, "a login needs a Content-Length");
    if (Number(length) > LOGIN_BODY_BYTES_MAX) return said(413, "too long for a login");
    const body = tryReadBody(textOf(await request.bytes()));
    if (body === null) return said(400, "Failed to parse login info");
    if (this.#keyfile === null && !await isSame(body.setup, this.#setup ?? "")) {
      return said(403, "the first password is set through the link that the node's terminal shows");
    }
    const pause = this.#attempts.pauseOf(client);
    if (pause > 0) {
      const text = `too many tries, wait ${pause} s`;
      return said(429, text, { "retry-after": String(pause) });
    }
    const right = await this.#attempts.try(client, () => this.#check(body.hash));
    if (!right) return said(401, "Failed to decode keyfile: failed to decrypt networking keys");
    return await this.#welcome(request, body.subdomain, redirectOf(query));
  }

  /** Whether the password is right; at a first start it becomes the password. */
  async #check(hash: string): Promise<boolean> {
    try {
      await this.#unlock(this.#options.fake ? FAKE_HASH : hash, this.#options);
      return true;
    } catch (error) {
      if (error instanceof WrongPassword) return false;
      throw error;
    }
  }

  /** Throws KeyfileUnusable. */
  async #unlockBy(file: string): Promise<void> {
    const { node, path } = this.#options;
    const hash = await hashOfFile(file, node);
    if (await this.#check(hash)) return;
    throw new KeyfileUnusable(`--password-file ${file}: ${path} does not open with its first line`);
  }

  /** Throws WrongPassword. */
  async #unlock(hash: string, options: LoginOptions): Promise<void> {
    const isNew = this.#keyfile === null;
    // Of two who set a password at the same time the first wins, and the second has it wrong.
    const keyfile = this.#keyfile ??= await (this.#creating ??= this.#create(hash));
    const secret = await keyfile.open(hash);
    const { node, now } = options;
    this.#cookies ??= new Cookies({
      node,
      secret,
      now: () => Math.floor(now() / 1000),
      notBefore: () => keyfile.notBefore,
    });
    if (isNew && !options.fake) {
      options.log.info(`the password is set; ${options.path} holds its seal`);
    }
  }

  /** One that failed, on a full disk, may be tried again. */
  async #create(hash: string): Promise<Keyfile> {
    try {
      return await Keyfile.create(this.#options, hash);
    } catch (error) {
      this.#creating = null;
      throw error;
    }
  }

  /**
   * On a fake node, where every password is right: whether a page may have come by a name that its owner has made
   * lead here (DNS rebinding).
   */
  #isUnderAnyName(headers: Headers): boolean {
    const host = (headers.get("host") ?? "").toLowerCase();
    if (!this.#options.fake || !headers.has("origin")) return false;
    if (isLoopbackHost(host) || isAddressHost(host)) return false;
    const name = host.replace(/:\d+$/, "");
    return !this.#options.domains.some((own) => `.${name}`.endsWith(`.${own.toLowerCase()}`));
  }

  async #welcome(
    request: Asked,
    subdomain: string | null,
    redirect: string | null,
  ): Promise<Response> {
    const { node } = this.#options;
    const token = await this.#cookies!.sign(subdomain);
    const isHttps = request.url.startsWith("https:");
    const headers = new Headers(NO_STORE);
    headers.set("set-cookie", setCookie(cookieName(node, subdomain), token, isHttps));
    if (redirect === null) return Response.json(this.#keyfile!.toBase64(), { headers });
    headers.set("location", redirect);
    return new Response(null, { status: 303, headers });
  }

  /** `POST /logout` forgets this browser's cookie; `?everywhere` every cookie that was ever given. */
  async #logout(request: Asked, { query }: LoginRequest): Promise<Response> {
    if (request.method !== "POST") return said(405, "POST", { allow: "POST" });
    if (isForeign(request)) return said(403, "a logout comes from this node's own pages");
    if (new URLSearchParams(query).has("everywhere")) {
      if (!await this.isLoggedIn(request.headers, null)) return said(401, "log in first");
      await this.#keyfile!.setNotBefore(Math.floor(this.#options.now() / 1000) + 1);
    }
    const response = said(200, "logged out");
    const own = cookieName(this.#options.node, null);
    for (const part of (request.headers.get("cookie") ?? "").split("; ")) {
      const name = part.slice(0, Math.max(0, part.indexOf("=")));
      if (name !== own && !name.startsWith(`${own}@`)) continue;
      const isHttps = request.url.startsWith("https:");
      response.headers.append("set-cookie", setCookie(name, "", isHttps));
    }
    return response;
  }
}

/** The login of a node that keeps its data in `home`. A fake node's keyfile is another one: it is open to all. */
export function openLogin(
  { home, node, fake, passwordFile, domains, log }:
    & Pick<LoginOptions, "node" | "fake" | "passwordFile" | "domains" | "log">
    & { home: string },
): Promise<Login> {
  return Login.open({
    ...{ node, fake, passwordFile, domains, log },
    path: join(home, fake ? "fake-keyfile.json" : "keyfile.json"),
    iterations: fake ? 1 : KEYFILE_ROUNDS,
    now: Date.now,
  });
}

const NO_STORE = { "cache-control": "no-store" };

/** One sentence as a JSON string, as Kinode's login says them. */
function said(status: number, text: string, headers: Record<string, string> = {}): Response {
  return Response.json(text, { status, headers: { ...NO_STORE, ...headers } });
}

/** In a time that does not tell how much of it is right. */
async function isSame(a: string, b: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const digests = [a, b].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text)));
  const [first, second] = (await Promise.all(digests)).map((digest) => new Uint8Array(digest));
  return first!.reduce((sum, byte, at) => sum | (byte ^ second![at]!), 0) === 0;
}
