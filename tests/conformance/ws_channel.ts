// What a WebSocket test asks of a remote-controlled process (remote.ts), and hears from it.
import { assertEquals } from "@std/assert";
import type { More, Remote } from "./remote.ts";
import { WsPeer } from "./ws_peer.ts";

export const SERVER = "our@http-server:distro:sys";
export const ERA_A = "our@http_server:distro:sys";
export const OK = { Ok: null };

/** Who listens, and the flags that make it so. */
export const LISTENERS: [string, string[]][] = [
  ["the fast path", []],
  ["the front door", ["--listen", "127.0.0.1"]],
];

interface Heard {
  source: string;
  body: string;
  blob: string | null;
  metadata: string | null;
}

export function act(remote: Remote, action: unknown, more?: More): Promise<unknown> {
  return remote.ask(SERVER, action, more);
}

export function bind(
  remote: Remote,
  path: string,
  flags: Record<string, unknown> = {},
): Promise<unknown> {
  const action = { path, authenticated: false, encrypted: false, extension: false, ...flags };
  return act(remote, { WebSocketBind: action });
}

/** The next so many events of http_server: body and blob. */
export async function hear(remote: Remote, count: number): Promise<[unknown, string | null][]> {
  const heard: Heard[] = [];
  while (heard.length < count) heard.push(...await remote.call<Heard[]>("received", 1));
  return heard.map(({ body, blob }) => [JSON.parse(body), blob]);
}

/** A client on this path, and its channel. */
export async function open(
  remote: Remote,
  url: string,
): Promise<{ peer: WsPeer; id: number; path: string }> {
  const peer = await WsPeer.connect(url);
  const [[event, blob]] = await hear(remote, 1) as [[{ WebSocketOpen: Opened }, null]];
  assertEquals(blob, null);
  const { path, channel_id: id } = event.WebSocketOpen;
  return { peer, id, path };
}

interface Opened {
  path: string;
  channel_id: number;
}

export const push = (channel_id: number, message_type: string) => ({
  WebSocketPush: { channel_id, message_type },
});

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(" ", "").match(/../g)!, (byte) => parseInt(byte, 16));
}
