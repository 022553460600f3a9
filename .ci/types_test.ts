import { assertEquals } from "@std/assert";
import { libraryTypes, TYPES_FILE } from "./types.ts";

// The compiler behind it needs what Deno 2.4 lacks; the declarations are the same for both.
const old = Deno.version.deno.startsWith("2.4.");
if (old) console.log("SKIP the library's declarations: they are compared on the newer Deno");

Deno.test({
  name: "types: runtime/loader/library_types.json is what `deno task types` writes",
  ignore: old,
  async fn() {
    // rollup puts modules that do not know of each other in the one order or the other.
    const sorted = (text: string) => text.split("\n").map((line) => line.replace(/,$/, "")).sort();
    const written = sorted(await Deno.readTextFile(TYPES_FILE));
    const same = written.join("\n") === sorted(await libraryTypes()).join("\n");
    assertEquals(same, true, "run `deno task types` and commit what it wrote");
  },
});
