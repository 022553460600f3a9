// Real clients that a machine may lack. A test that needs one is skipped by name and with the way to
// get it, never silently; in CI (CI=true), where .ci/run has installed them, lacking one is a failure.
//
//   testNeeding(["python"], "recipe ws_server: …", async (_t, { python }) => { … });

export type Program = keyof typeof programs;
export type Paths = Record<Program, string>;

/** How to find each program, and how to get it on Debian. */
const programs = {
  python: {
    title: "python3 with websockets and msgpack",
    install: "apt-get install python3-websockets python3-msgpack",
    find: findPython,
  },
  curl: { title: "curl", install: "apt-get install curl", find: () => findOnPath("curl") },
  openssl: {
    title: "openssl",
    install: "apt-get install openssl",
    find: () => findOnPath("openssl"),
  },
  wrk: { title: "wrk", install: "apt-get install wrk", find: () => findOnPath("wrk") },
  nginx: { title: "nginx", install: "apt-get install nginx-light", find: findNginx },
  chromium: { title: "chromium", install: "apt-get install chromium", find: findChromium },
} as const;

const found = new Map<Program, string | undefined>();

/** The program's path, or undefined; looked for once per run. */
export function findProgram(program: Program): string | undefined {
  if (!found.has(program)) found.set(program, programs[program].find());
  return found.get(program);
}

/** A python3 that can import websockets and msgpack. Debian's own first: apt installs for that one. */
export function findPython(): string | undefined {
  const candidates = ["/usr/bin/python3", findOnPath("python3")];
  return candidates.find((python) =>
    python !== undefined && succeeds(python, ["-c", "import websockets, msgpack"])
  );
}

/** Registers a test that is skipped, with one line that says why, where a program is missing. */
export function testNeeding(
  needed: Program[],
  name: string,
  fn: (t: Deno.TestContext, paths: Paths) => void | Promise<void>,
): void {
  const missing = needed.filter((program) => findProgram(program) === undefined);
  const reasons = missing.map((program) =>
    `needs ${programs[program].title}: ${programs[program].install}`
  );
  const inCi = Deno.env.get("CI") === "true";
  for (const reason of reasons) if (!inCi) console.log(`SKIP ${name}: ${reason}`);
  Deno.test({
    name,
    ignore: missing.length > 0 && !inCi,
    async fn(t) {
      if (missing.length > 0) throw new Error(`Missing in CI: ${reasons.join("; ")}`);
      const paths = needed.map((program) => [program, findProgram(program)]);
      running = Object.fromEntries(paths) as Paths;
      try {
        await fn(t, running);
      } finally {
        running = null;
      }
    },
  });
}

/** What the test that runs has said that it needs. */
let running: Paths | null = null;

/** The path of a program, for helpers; an error in a test that would fail where others are skipped. */
export function declared(program: Program): string {
  const path = running?.[program];
  if (path === undefined) {
    throw new Error(
      `The test does not say that it needs ${program}: testNeeding(["${program}"], …)`,
    );
  }
  return path;
}

/** Debian's is not on everybody's PATH. */
function findNginx(): string | undefined {
  const system = "/usr/sbin/nginx";
  return findOnPath("nginx") ?? (succeeds(system, ["-v"]) ? system : undefined);
}

function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return names.map(findOnPath).find((path) => path !== undefined);
}

function findOnPath(name: string): string | undefined {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${folder}/${name}`;
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not in this folder, or no folder at all, or not ours to read: look in the next.
    }
  }
  return undefined;
}

function succeeds(program: string, args: string[]): boolean {
  try {
    const options: Deno.CommandOptions = { args, stdout: "null", stderr: "null" };
    return new Deno.Command(program, options).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
