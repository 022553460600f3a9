/** Where the node listens, and what it says of that to the person at the terminal. */
import type { Log } from "../../../log.ts";
import { listenOnPort } from "../ports.ts";
import type { FrontDoorOptions } from "./front_door.ts";
import { parseLimits } from "./limits.ts";
import { parseNetwork } from "./networks.ts";

export interface Listening {
  hostname: string;
  port: number;
  tls: boolean;
  /** Started with `--fake`: every password is right. */
  fake: boolean;
}

export interface ListenOptions {
  server: {
    listen(address: { hostname: string; port: number }, frontDoor: FrontDoorOptions | null): number;
  };
  hostname: string;
  port: number | undefined;
  frontDoor: FrontDoorOptions | null;
  name: string;
  fake: boolean;
  log: Log;
}

/** What is wrong with the words of its flags, for the person; `null` if nothing is. */
export function faultOf(frontDoor: Pick<FrontDoorOptions, "limits" | "trustedProxies"> | null) {
  try {
    parseLimits(frontDoor?.limits ?? []);
    frontDoor?.trustedProxies?.forEach(parseNetwork);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Returns the node's address, `http://localhost:8080`. Rejects with an Error for the person. */
// deno-lint-ignore require-await -- what it throws is for who awaits it
export async function listenAndSay(options: ListenOptions): Promise<string> {
  const { server, hostname, frontDoor, name, fake, log } = options;
  const listen = (port: number) => server.listen({ hostname, port }, frontDoor);
  const port = listenOnPort(options.port, listen);
  const listening = { hostname, port, tls: Boolean(frontDoor?.tls), fake };
  log.info(`${name} is at ${originOf(listening)}`);
  for (const line of warningsOf(listening)) log.warn(line);
  return originOf(listening);
}

/** Where the person at this machine finds it. */
export function originOf({ hostname, port, tls }: Listening): string {
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  const local = isEverywhere(hostname) || hostname === "127.0.0.1" ? "localhost" : name;
  return `${tls ? "https" : "http"}://${local}:${port}`;
}

/** Lines for the terminal; none when only this machine can connect. */
export function warningsOf({ hostname, port, tls, fake }: Listening): string[] {
  if (isThisMachine(hostname)) return [];
  const where = isEverywhere(hostname) ? "every address of this machine" : hostname;
  const lines = [
    `it listens on ${where}, port ${port}: whoever can reach that can use what your scripts bind ` +
    "without a login (authenticated: false). Leave --listen out to serve this machine alone.",
  ];
  if (!tls) {
    lines.push(
      "what goes over the network is not encrypted: anybody in between can read and change it, cookies and " +
        "passwords too. Give it --tls-cert and --tls-key, or a proxy with TLS before it (--trust-proxy).",
    );
  }
  if (fake) {
    lines.push(
      "--fake takes every password: whoever can reach it can log in as the owner. It is for tests only.",
    );
  }
  return lines;
}

function isEverywhere(hostname: string): boolean {
  return hostname === "0.0.0.0" || /^[0:]*::[0:]*$/.test(hostname);
}

function isThisMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127\./.test(hostname);
}
