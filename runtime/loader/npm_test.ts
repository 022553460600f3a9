import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Files, hello, manifest, seenBy, TempFolder } from "./testing.ts";

Deno.test("a package is read as a browser's bundler reads it: exports by condition, subpaths, patterns", async () => {
  const conditions = {
    ".": { types: "./x.d.ts", node: "./node.js", browser: "./web.js", default: "./node.js" },
    "./sub/*": "./deep/*.mjs",
    "./none": { node: "./node.js" },
  };
  const files = {
    "node_modules/p/package.json": manifest("p", { exports: conditions }),
    "node_modules/p/web.js": `import own from "p/sub/a"; export default "web " + own;`,
    "node_modules/p/node.js": `import "node:fs";`,
    "node_modules/p/deep/a.mjs": `export default "deep";`,
  };
  assertEquals(await seenBy({ ...files, "hello.ts": hello("p") }), "web deep");
  assertEquals(await seenBy({ ...files, "hello.ts": hello("npm:p@1/sub/a") }), "deep");
  const none = await seenBy({ ...files, "hello.ts": hello("p/none") });
  assertStringIncludes(String(none), `hello.ts:1:15: error: the package p@1.2.3 has no "./none"`);
  const other = await seenBy({ ...files, "hello.ts": hello("npm:p@2") });
  assertStringIncludes(String(other), "p is there in version 1.2.3");
  assertStringIncludes(String(other), `run "npm install p@2"`);
});

Deno.test("CommonJS: require without endings, folders, browser fields, main, JSON", async () => {
  const browser = { "./lib/server.js": "./lib/web.js", "./lib/none.js": false, fs: false };
  assertEquals(
    await seenBy({
      "hello.ts": hello("old"),
      "node_modules/old/package.json": manifest("old", { main: "./lib", browser }),
      "node_modules/old/lib/index.js": `const a = require("./server"), fs = require("fs");
        module.exports = [a, require("./data"), require("./none"), require("dep"), Object.keys(fs)];`,
      "node_modules/old/lib/server.js": `require("http")`,
      "node_modules/old/lib/web.js": `exports.web = true;`,
      "node_modules/old/lib/none.js": `throw new Error("not for the web")`,
      "node_modules/old/lib/data.json": `{"a":1}`,
      "node_modules/old/node_modules/dep/package.json": manifest("dep"),
      "node_modules/old/node_modules/dep/index.js": `module.exports = "inner dep";`,
      "node_modules/dep/package.json": manifest("dep"),
      "node_modules/dep/index.js": `module.exports = "outer dep";`,
    }),
    [{ web: true }, { a: 1 }, {}, "inner dep", []],
  );
});

Deno.test("#imports, scopes, and words that look like imports in code that is not ours", async () => {
  assertEquals(
    await seenBy({
      "hello.ts": hello("@s/p"),
      "node_modules/@s/p/package.json": manifest("@s/p", {
        module: "m.js",
        imports: { "#in": { browser: "./in.js" } },
      }),
      "node_modules/@s/p/m.js": `import inner from "#in"; // import("x")
        const text = "import('y') from export"; const pattern = /import\\(/;
        export default [inner, text, pattern.test("import("), process.env.NODE_ENV];`,
      "node_modules/@s/p/in.js": `export default "inner";`,
    }),
    ["inner", "import('y') from export", true, "production"],
  );
});

Deno.test("a package whose import() is for another place runs here; when it comes to it, that is rejected", async () => {
  const files = {
    "hello.ts": hello("p"),
    "node_modules/p/package.json": manifest("p", { module: "m.js" }),
    // As hono/logger does.
    "node_modules/p/m.js": `const name = "cloudflare:workers";
      export default await import(name).catch((error) => error.message);`,
  };
  assertEquals(await seenBy(files), 'Dynamic require of "cloudflare:workers" is not supported');
});

Deno.test("a package folder finds what is beside it and above it, never above the processes folder", async () => {
  const files = {
    "node_modules/p/package.json": manifest("p"),
    "node_modules/p/index.js": `export default "above";`,
    "chat/chat.ts": hello("p"),
  };
  const chat = { entry: "chat/chat.ts", root: "chat" };
  assertEquals(await seenBy(files, chat), "above");
  const beside = {
    "chat/node_modules/p/package.json": manifest("p"),
    "chat/node_modules/p/index.js": `export default "beside";`,
  };
  assertEquals(await seenBy({ ...files, ...beside }, chat), "beside");
  const missing = await seenBy({ "chat/chat.ts": hello("p") }, chat);
  assertStringIncludes(String(missing), `run "npm install p" in the package chat`);
});

Deno.test("links within the folder are followed as pnpm lays them; those that leave it are refused", async () => {
  const inside = await seenBy({
    "hello.ts": hello("p"),
    "node_modules/.pnpm/p@1/node_modules/p/package.json": manifest("p"),
    "node_modules/.pnpm/p@1/node_modules/p/index.js": `export { default } from "dep";`,
    "node_modules/.pnpm/p@1/node_modules/dep/package.json": manifest("dep"),
    "node_modules/.pnpm/p@1/node_modules/dep/index.js": `export default "dep of p";`,
  }, { link: [".pnpm/p@1/node_modules/p", "node_modules/p"] });
  assertEquals(inside, "dep of p");
  await using outside = new TempFolder({
    "package.json": manifest("p"),
    "index.js": "export default 1;",
  });
  const refused = await seenBy({ "hello.ts": hello("p"), "node_modules/x": "" }, {
    link: [outside.path, "node_modules/p"],
  });
  assertStringIncludes(String(refused), "the package p is not installed");
});

Deno.test("a package reaches no file of the folder but packages", async () => {
  for (const path of ["../../secret.json", "../../../secret.json", "../../hello"]) {
    const refused = await seenBy({
      "hello.ts": hello("p"),
      "secret.json": "{}",
      "node_modules/p/package.json": manifest("p"),
      "node_modules/p/index.js": `export { default } from "${path}";`,
    });
    assertStringIncludes(
      String(refused),
      `"${path}" is not in the package of node_modules/p/index.js`,
    );
  }
});

Deno.test("broken packages are errors with a place, never a crash", async () => {
  const broken: Files[] = [
    { "node_modules/p/package.json": "{" },
    { "node_modules/p/package.json": manifest("p", { exports: 7 }) },
    { "node_modules/p/package.json": manifest("p", { main: {} }) },
    { "node_modules/p/package.json": manifest("p", { main: "gone.js" }) },
    { "node_modules/p/package.json": "[]" },
  ];
  for (const files of broken) {
    const seen = await seenBy({ "hello.ts": hello("p"), ...files });
    assertStringIncludes(String(seen), "hello.ts:1:15: error: ", JSON.stringify(files));
  }
});

Deno.test("folders of a package that name each other are an error, not an endless search", async () => {
  const seen = await seenBy({
    "hello.ts": hello("p/a"),
    "node_modules/p/package.json": manifest("p"),
    "node_modules/p/a/package.json": '{"main":"../b"}',
    "node_modules/p/b/package.json": '{"main":"../a"}',
  });
  assertStringIncludes(String(seen), `hello.ts:1:15: error: the package p@1.2.3 has no "./a"`);
});

Deno.test("JSX and decorators are compiled as the folder's settings say", async () => {
  const preact = {
    "node_modules/preact/package.json": manifest("preact", {
      exports: { "./jsx-runtime": "./jsx.js" },
    }),
    "node_modules/preact/jsx.js": `export const jsx = (tag, props) => ["preact", tag, props];`,
  };
  const tsx = { entry: "hello.tsx" };
  const code = `export const seen = <b id="x">hi</b>;`;
  const built = ["preact", "b", { id: "x", children: "hi" }];
  assertEquals(await seenBy({ ...preact, "hello.tsx": code }, tsx), built);
  const classic = {
    "hello.tsx": `const h = (...all) => all; ${code}`,
    "deno.json": `{ // comments are fine
      "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }`,
  };
  assertEquals(await seenBy({ ...preact, ...classic }, tsx), ["b", { id: "x" }, "hi"]);
  const pragma = { "hello.tsx": `/** @jsxImportSource preact */\n${code}`, "deno.json": "{" };
  assertEquals(await seenBy({ ...preact, ...pragma }, tsx), built);
  const decorated = `
    const seen = []; export { seen };
    function note(...all) { seen.push(all.length); }
    class A { @note x = 1; @note m() {} }`;
  assertEquals(await seenBy({ "hello.ts": decorated }), [2, 2]);
  const legacy = { "tsconfig.json": `{"compilerOptions":{"experimentalDecorators":true}}` };
  assertEquals(await seenBy({ "hello.ts": decorated, ...legacy }), [3, 3]);
});

Deno.test("JSX is for the package that is installed, also in a file that a script in .ts imports", async () => {
  const files = {
    "hello.ts": 'export { seen } from "./_view.tsx";',
    "_view.tsx": "export const seen = <b>hi</b>;",
    "node_modules/preact/package.json": manifest("preact"),
    "node_modules/preact/jsx-runtime.js": "export const jsx = (...made) => made;",
  };
  assertEquals(await seenBy(files), ["b", { children: "hi" }]);
  const own = { "deno.json": '{"compilerOptions":{"jsxFactory":"h"}}' };
  const view = "const h = (...made: unknown[]) => made; export const seen = <b>hi</b>;";
  assertEquals(await seenBy({ ...files, ...own, "_view.tsx": view }), ["b", null, "hi"]);
});

Deno.test("bytes are imported as a Uint8Array", async () => {
  const files = {
    "hello.ts": `import x from "./x.bin" with { type: "bytes" }; export const seen = x;`,
    "x.bin": "\u0001ü",
  };
  assertEquals(await seenBy(files), Uint8Array.of(1, 0xc3, 0xbc));
});

Deno.test("a package.json that is a trap for regular expressions is read like any other", async () => {
  const exports = {
    "./*(a+)+b": "./trap.js",
    "./*a*a*a*a*a*a*a*b": "./trap.js",
    "./in/*.js": "./deep/*.js",
  };
  const files = {
    "node_modules/p/package.json": manifest("p", { exports, imports: { "#*(a+)+b": "./trap.js" } }),
    "node_modules/p/deep/a.js": "export default 1;",
  };
  const trap = `p/${"a".repeat(2_000)}!`;
  // For ever, before.
  assertStringIncludes(
    String(await seenBy({ ...files, "hello.ts": hello(trap) })),
    "error: the package p@1.2.3 has no",
  );
  assertEquals(await seenBy({ ...files, "hello.ts": hello("p/in/a.js") }), 1);
});
