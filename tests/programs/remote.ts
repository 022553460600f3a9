/** Does what the test POSTs, one call of the library each, and answers what came of it as JSON. */
import * as kinode from "@kinode/process";

export const config = {};

type Capabilities = { issuer: string; params: string }[];
interface Ask {
  to: string;
  body: string;
  seconds?: number;
  metadata?: string;
  blob?: string;
  context?: string;
  capabilities?: Capabilities;
}

const received: Record<string, unknown>[] = [];
const waiting: (() => void)[] = [];

const calls: Record<string, (given: never) => unknown> = {
  ask,
  tell: (given: Ask) => build(given).send(),
  async received(count: number) {
    while (received.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return received.splice(0);
  },
  /** A crash that no call can catch. */
  crash: () =>
    void queueMicrotask(() => {
      throw new Error("told to crash");
    }),
  getState: async () => decode(await kinode.getState()),
  setState: (state: string) => kinode.setState(state),
  clearState: () => kinode.clearState(),
  spawn: (options: kinode.SpawnOptions) => kinode.spawn(options).then(String),
  save: (list: Capabilities) => kinode.saveCapabilities(list as never),
  drop: (list: Capabilities) => kinode.dropCapabilities(list as never),
  held: () => kinode.ourCapabilities(),
  canMessage: (address: string) => kinode.canMessage(address),
  setOnExit: (onExit: kinode.OnExit) => kinode.setOnExit(onExit),
  getOnExit: () => kinode.getOnExit(),
  /** Which globals there are: the Deno underneath shows in them. */
  typeOf: (name: string) => typeof (globalThis as Record<string, unknown>)[name],
};

export default {
  async fetch(request: Request): Promise<Response> {
    const [name, given] = await request.json();
    try {
      return Response.json({ ok: await calls[name]!(given as never) ?? null });
    } catch (error) {
      return Response.json({ error: (error as Error).message });
    }
  },
  message(message: kinode.Message) {
    received.push(show(message));
    for (const wake of waiting.splice(0)) wake();
    new kinode.Response().body("heard").send();
  },
};

async function ask(given: Ask) {
  const sentAt = performance.now();
  const took = () => performance.now() - sentAt;
  try {
    return { ...show(await build(given).sendAndAwaitResponse(given.seconds ?? 10)), ms: took() };
  } catch (error) {
    if (!(error instanceof kinode.SendError)) throw error;
    const { kind, reason, message } = error;
    return { kind, reason, message, ms: took() };
  }
}

function build({ to, body, metadata, blob, context, capabilities }: Ask): kinode.Request {
  const request = kinode.Request.to(to).body(body).capabilities((capabilities ?? []) as never);
  if (metadata !== undefined) request.metadata(metadata);
  if (context !== undefined) request.context(new TextEncoder().encode(context));
  return blob === undefined ? request : request.blob({ bytes: blob });
}

function show(message: kinode.Message) {
  return {
    source: String(message.source),
    body: message.text(),
    blob: decode(message.blob?.bytes ?? null),
    context: decode(message.context),
    capabilities: message.capabilities,
  };
}

function decode(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
