// `deno task bench [part of a name]`: runs each script of tests/bench, one after the other, so that
// no two of them measure each other. A file whose name begins with _ is a helper of the others.

import { fromFileUrl, join } from "@std/path";

const FOLDER = fromFileUrl(new URL("../tests/bench/", import.meta.url));

const [wanted = ""] = Deno.args;
const scripts = [...Deno.readDirSync(FOLDER)]
  .map((entry) => entry.name)
  .filter((name) => name.endsWith(".ts") && !/^_|_test\.ts$/.test(name) && name.includes(wanted))
  .sort();
if (scripts.length === 0) {
  console.error(`No script in tests/bench has "${wanted}" in its name.`);
  Deno.exit(1);
}
for (const script of scripts) {
  console.log(`\n== tests/bench/${script}`);
  const args = ["run", "--no-prompt", "--allow-all", join(FOLDER, script)];
  const { code } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
