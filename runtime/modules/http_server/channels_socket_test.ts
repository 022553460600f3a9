/** What Channels do to a socket that behaves as no real one does at the moment when a test needs it. */
import { assertEquals } from "@std/assert";
import type { KernelMessage, Unreachable } from "../../protocol/message.ts";
import { Channels } from "./channels.ts";
import type { ServerSocket, SocketEvents } from "./server_socket.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { app, eraB, said } from "./testing.ts";

class FakeSocket implements ServerSocket {
  bufferedAmount = 0;
  isOpen = true;
  readonly done: unknown[][] = [];
  events!: SocketEvents;

  listen(events: SocketEvents): void {
    this.events = events;
  }

  send(data: string | Uint8Array): void {
    this.done.push(["send", data]);
  }

  sendControl(type: "Ping" | "Pong"): boolean {
    this.done.push([type]);
    return true;
  }

  close(code?: number, reason?: string): void {
    this.isOpen = false;
    this.done.push(["close", code, reason]);
  }
}

function makeChannels(whyNot?: () => Unreachable | null) {
  const sent: KernelMessage[] = [];
  const log = { info: () => {}, warn: () => {} };
  const send = (message: KernelMessage) => void sent.push(message);
  const channels = new Channels({ send, whyNot, log, ...DEFAULT_SETTINGS });
  const socket = new FakeSocket();
  channels.add(socket, { app, boundAs: eraB, extension: false }, {
    path: "/",
    query: "",
    protocol: "",
  });
  return { channels, socket, sent };
}

Deno.test("a socket whose process ends between the handshake and its opening is closed with 1011", () => {
  let why: Unreachable | null = null;
  const { channels, socket, sent } = makeChannels(() => why);
  why = "no-such-process";
  socket.events.open();
  assertEquals(socket.done, [["close", 1011, "process ended"]]);
  socket.events.close({ wasClean: true, code: 1011, reason: "" });
  assertEquals([channels.size, sent], [0, []]);
});

Deno.test("push() of Ping and Pong drops a channel whose client is too slow, too", () => {
  for (const type of ["Ping", "Pong"] as const) {
    const { channels, socket, sent } = makeChannels();
    socket.events.open();
    const [id] = sent.map((message) => said(message)[0] as Opened).map(channelOf);
    const push = () => channels.push(app, id!, type, { mime: null, bytes: "beat" })?.error;
    assertEquals(push(), undefined);
    socket.bufferedAmount = 16 * 1024 * 1024 + 1;
    assertEquals([push(), push()], ["WsChannelNotFound", "WsChannelNotFound"]);
    assertEquals(socket.done, [[type], ["close", 1013, "reader too slow"]]);
    assertEquals(said(sent[1]!)[0], { WebSocketClose: id });
  }
});

interface Opened {
  WebSocketOpen: { channel_id: number };
}

function channelOf({ WebSocketOpen }: Opened): number {
  return WebSocketOpen.channel_id;
}
