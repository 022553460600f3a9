/**
 * The binary: flags in, parts joined, node started. The only place where everything is known.
 *   scripts ─► Loader ─► Supervisor ─► Nursery ─► workers
 *                            │                      ║
 *   curl ─► HttpServer ─► Kernel ◄─ ports ══════════╝
 *                            └────► HttpClient ─► world
 */
import { join } from "@std/path";
import * as library from "@kinode/process";
import { parseFlags } from "./runtime/flags.ts";
import { Kernel } from "./runtime/kernel/kernel.ts";
import { Nursery } from "./runtime/kernel/nursery.ts";
import { Supervisor } from "./runtime/kernel/supervisor.ts";
import { SHUTDOWN_SECONDS } from "./runtime/limits.ts";
import { defaultsFor } from "./runtime/loader/defaults.ts";
import { prepareFolder } from "./runtime/loader/prepare.ts";
import { Loader } from "./runtime/loader/loader.ts";
import { HttpClient } from "./runtime/modules/http_client/http_client.ts";
import { HttpServer } from "./runtime/modules/http_server/http_server.ts";
import { listenOnPort } from "./runtime/modules/http_server/ports.ts";
import { Terminal, writeAll } from "./runtime/modules/terminal/terminal.ts";
import type { ProcessId } from "./runtime/protocol/address.ts";
import type { KernelMessage, Module } from "./runtime/protocol/message.ts";

const parsed = parseFlags(Deno.args);
if ("show" in parsed) exit(0, parsed.show);
if ("fail" in parsed) exit(2, parsed.fail);
const flags = parsed.run;

const terminal = new Terminal({
  out: Deno.stdout,
  err: Deno.stderr,
  verbosity: 0,
  clock: () => new Date(),
});
const now = () => performance.now();
const kernel = new Kernel({ node: flags.name, log: terminal, now });
const nursery = new Nursery(startNursery, (reason, fatal) => {
  if (fatal) exit(1, `kinode: no process can be started: ${reason}`);
  terminal.warn(`the nursery died and was started anew: ${reason}`);
});
const print = terminal.print.bind(terminal);
const supervisor = new Supervisor({ kernel, nursery, log: terminal, print, now });

const send = (message: KernelMessage) => kernel.route(message);
const powers = { node: flags.name, send, log: terminal };
const httpServer = new HttpServer(powers);
const modules: [string, Module][] = [
  ["http-server:distro:sys", httpServer],
  ["http-client:distro:sys", new HttpClient(powers)],
];
for (const [id, module] of modules) kernel.addModule(id as ProcessId, module);

const loader = new Loader({
  folder: flags.processes,
  cacheFolder: join(flags.home, "cache", "bundles"),
  libraryNames: Object.keys(library),
  log: terminal,
  start(script) {
    const { on_exit, messaging, grant, heapMb } = defaultsFor(script.id, flags);
    supervisor.start({ ...script, onExit: on_exit, heapMb, messaging, granted: grant });
  },
  stop: (id) => supervisor.stop(id),
});

try {
  await prepareFolder(flags.processes);
  const listen = (port: number) => httpServer.listen({ hostname: "127.0.0.1", port });
  const port = await listenOnPort(flags.port, listen);
  const url = `http://localhost:${port}`;
  terminal.info(`${flags.name} is at ${url}\ndrop scripts into ${flags.processes}`);
} catch (error) {
  exit(1, `kinode: ${(error as Error).message}`);
}
const signals: Deno.Signal[] = ["SIGINT", Deno.build.os === "windows" ? "SIGBREAK" : "SIGTERM"];
for (const signal of signals) Deno.addSignalListener(signal, () => void stop());
await loader.loadAll();
loader.watch();

/** Ctrl-C: closes what is open and exits; what does not close in time is cut off. */
async function stop(): Promise<never> {
  setTimeout(() => Deno.exit(0), SHUTDOWN_SECONDS * 1000);
  loader.close();
  supervisor.close();
  await Promise.allSettled(modules.map(([, module]) => module.close()));
  return Deno.exit(0);
}

/** From source the workers' code is read from disk, in the binary from the binary: no permission at all. */
function startNursery(): Worker {
  const code = new URL("./runtime/", import.meta.url);
  const permissions = Deno.build.standalone ? "none" : { read: [code] };
  const url = new URL("./runtime/process/nursery_worker.ts", import.meta.url);
  return new Worker(url, { type: "module", deno: { permissions } } as WorkerOptions);
}

function exit(code: number, text: string): never {
  writeAll(code === 0 ? Deno.stdout : Deno.stderr, `${text}\n`);
  Deno.exit(code);
}
