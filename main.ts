/**
 * The binary: flags in, parts joined, node started. The only place where everything is known.
 *   scripts ─► Loader ─► System (kernel, supervisor, nursery) ═► workers
 *   curl ─► HttpServer ─────┘ │ └───► HttpClient ─► world
 *                           Store
 */
import { join } from "@std/path";
import * as library from "@kinode/process";
import { parseFlags } from "./runtime/flags.ts";
import { System } from "./runtime/kernel/system.ts";
import { SHUTDOWN_SECONDS } from "./runtime/limits.ts";
import { Loader } from "./runtime/loader/loader.ts";
import { parseCommand } from "./runtime/loader/parse_command.ts";
import { prepareFolder } from "./runtime/loader/prepare.ts";
import { runCommand } from "./runtime/loader/run_command.ts";
import { isSealed } from "./runtime/loader/seal.ts";
import { HttpClient } from "./runtime/modules/http_client/http_client.ts";
import { faultOf, listenAndSay } from "./runtime/modules/http_server/front_door/listening.ts";
import { HttpServer } from "./runtime/modules/http_server/http_server.ts";
import { openLogin } from "./runtime/modules/http_server/login/login.ts";
import { SqliteStore } from "./runtime/modules/state/store.ts";
import { Terminal, writeAll } from "./runtime/modules/terminal/terminal.ts";
import { startNursery } from "./runtime/process/nursery.ts";
import type { Address } from "./runtime/protocol/address.ts";

const libraryNames = Object.keys(library);
const parsed = parseCommand(Deno.args) ?? parseFlags(Deno.args);
if ("show" in parsed) exit(0, parsed.show);
if ("fail" in parsed) exit(2, parsed.fail);
const log = new Terminal({ out: Deno.stdout, err: Deno.stderr, verbosity: 0 });
if ("command" in parsed) {
  Deno.exit(await orExit(runCommand(parsed.command, { libraryNames, log })));
}
const flags = parsed.run;
const fault = faultOf(flags.frontDoor);
if (fault !== null) exit(2, fault);
const system: System = new System({
  node: flags.name,
  log,
  store: await orExit(SqliteStore.open({ home: flags.home, log })),
  now: () => performance.now(),
  print: log.print.bind(log),
  bounds: { ...flags.bounds, relieve: () => loader.relieve() },
  makeNursery: startNursery,
  loadChild: (parent, path) => loader.loadChild(parent, path),
  isSealed,
  shutdown: () => void stop(),
  fatal: (reason) => exit(1, `kinode: ${reason}`),
});
const { home, name: node, fake, passwordFile, clientBodyBytesMax: bodyBytesMax } = flags;
const loader = new Loader({
  folder: flags.processes,
  cacheFolder: join(home, "cache", "bundles"),
  libraryNames,
  grantsFile: join(home, "grants.json"),
  strict: flags.strict,
  nodeMemoryMb: system.memoryMb,
  log,
  start: (script) => system.startScript(script),
  stop: (id) => system.stop(id),
  looked: (isChanged) => system.renewChildren(isChanged),
});
const powers = { ...system.powersOfModules, log };
const policyOf = (process: Address) => system.networkOf(process) ?? (fake ? "local" : "public");
const login = await orExit(openLogin({ ...flags.http, home, node, fake, passwordFile, log }));
const settings = { ...flags.http, staticFolder: join(home, "cache", "static") };
const httpServer = new HttpServer({ ...powers, login, settings });
system.addModule("http-server:distro:sys", httpServer);
system.addModule("http-client:distro:sys", new HttpClient({ ...powers, policyOf, bodyBytesMax }));

await orExit(prepareFolder(flags.processes, log));
await orExit(system.restore());
const origin = await orExit(listenAndSay({ ...flags, server: httpServer, log }));
log.info(`drop scripts into ${flags.processes}`);
login.sayHint(origin);
const terminated = Deno.build.os === "windows" ? "SIGBREAK" : "SIGTERM";
for (const signal of ["SIGINT", terminated] as const) Deno.addSignalListener(signal, stop);
await loader.loadAll();
system.runRestored((id) => loader.mayHave(id));
loader.watch();

/** Ctrl-C: closes what is open and exits; what does not close in time is cut off. */
async function stop(): Promise<never> {
  setTimeout(() => Deno.exit(0), SHUTDOWN_SECONDS * 1000);
  await Promise.allSettled([loader.close(), system.close()]);
  return Deno.exit(0);
}

async function orExit<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    return exit(1, `kinode: ${(error as Error).message}`);
  }
}

function exit(code: number, text: string): never {
  writeAll(code === 0 ? Deno.stdout : Deno.stderr, `${text}\n`);
  Deno.exit(code);
}
