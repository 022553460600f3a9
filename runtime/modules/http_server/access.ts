/**
 * Who may see what a binding wants a login for (spec/http.md §2.3, 4), and which packages have a host of their own.
 *
 *   a secure binding of `main:app-store:sys` is served at `app-store-sys.<host>` alone, with a cookie of its own:
 *   the pages of another process, at another host, cannot reach it with the owner's cookie.
 */
import { type Address, packageOf, processOf } from "../../protocol/address.ts";
import type { HttpBinding, WsBinding } from "./bindings.ts";
import type { IncomingRequest } from "./handler.ts";
import type { Head, RequestTarget } from "./incoming.ts";
import { isForeignWrite, isLoopbackHost } from "./login/origin.ts";
import type { Login } from "./login/login.ts";
import { textResponse } from "./outgoing.ts";

type Binding = Pick<HttpBinding | WsBinding, "app" | "authenticated" | "subdomain">;

/** The first label of a secure binding's host: `main:app-store:sys` is at `app-store-sys`. */
export function subdomainOf(app: Address): string {
  return packageOf(processOf(app)).replace(/[^A-Za-z0-9]/g, "-").toLowerCase();
}

export class Access {
  readonly #login: Pick<Login, "isLoggedIn" | "refuse">;
  /** First labels of hosts that belong to one package. */
  readonly #subdomains = new Set<string>();

  constructor(login: Pick<Login, "isLoggedIn" | "refuse">) {
    this.#login = login;
  }

  /** A binding claims the host of its package, until the node stops. */
  reserve(subdomain: string): void {
    this.#subdomains.add(subdomain);
  }

  /** What the client gets instead of what it asked for; `null`: it may have that. */
  refuse(
    request: IncomingRequest,
    head: Head,
    target: RequestTarget,
    binding: Binding,
  ): Response | null | Promise<Response | null> {
    if (this.#subdomains.size > 0) {
      const label = firstLabelOf(target.hostname);
      if (this.#subdomains.has(label) && label !== subdomainOf(binding.app)) {
        return textResponse(403, "secure subdomain can only serve its associated package");
      }
    }
    if (!binding.authenticated) return null;
    if (isForeignWrite(request, head.upgrade !== "")) {
      return textResponse(403, "a page of another origin may not do this in the owner's name");
    }
    if (binding.subdomain === null) return this.#withCookie(request.headers, null);
    if (head.host === "") {
      return textResponse(401, "attempted to access secure subdomain without host");
    }
    if (firstLabelOf(target.hostname) !== binding.subdomain) {
      return toSubdomain(request.url, binding.subdomain, head.host, target);
    }
    return this.#withCookie(request.headers, processOf(binding.app));
  }

  async #withCookie(headers: Headers, subdomain: string | null): Promise<Response | null> {
    if (await this.#login.isLoggedIn(headers, subdomain)) return null;
    return this.#login.refuse(headers, subdomain);
  }
}

/** The empty string for a name that has no other label, and for an IPv6 address. */
function firstLabelOf(hostname: string): string {
  const dot = hostname.indexOf(".");
  return dot < 0 ? "" : hostname.slice(0, dot).toLowerCase();
}

function toSubdomain(
  url: string,
  subdomain: string,
  host: string,
  target: RequestTarget,
): Response {
  const { path, query } = target;
  const scheme = url.startsWith("https:") ? "https" : "http";
  const port = /:\d+$/.exec(host)?.[0] ?? "";
  // An address has no subdomains; what is on this machine is also at localhost.
  const parent = isLoopbackHost(host) ? `localhost${port}` : host;
  const rest = query === "" ? path : `${path}?${query}`;
  const location = `${scheme}://${subdomain}.${parent}${rest}`;
  return new Response(null, { status: 307, headers: { location } });
}
