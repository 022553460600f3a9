// npm packages as a user installs them: `npm install` beside the scripts or in a package's folder, while the node runs,
// and real requests through them.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";

const PACKAGES = [
  "date-fns@4.1.0",
  "hono@4.13.19",
  "nanoid@5.1.6",
  "preact@10.27.2",
  "preact-render-to-string@6.6.3",
  "zod@4.1.12",
];

/** As Hono's own first page has it, but for the path at which a process lies. */
const hono = (path: string) =>
  `import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { logger } from "hono/logger";
import { streamSSE, streamText } from "hono/streaming";
const app = new Hono().basePath("${path}");
app.use(logger());
app.use("*", cors());
app.get("/cookies", (c) => {
  setCookie(c, "a", "1", { path: "/" });
  setCookie(c, "b", "2", { httpOnly: true });
  return c.text(getCookie(c, "seen") ?? "none");
});
app.get("/events", (c) => streamSSE(c, async (stream) => {
  for (const data of ["one", "two"]) await stream.writeSSE({ data, event: "number" });
}));
app.post("/upload", async (c) => {
  const { note, file } = await c.req.parseBody();
  return c.json([note, file.name, await file.text()]);
});
app.get("/boom", () => { throw new Error("boom in a route"); });
app.get("/", (c) => c.text("Hono!"));
app.get("/posts/:id", (c) => c.json({ id: c.req.param("id"), page: c.req.query("page") }));
app.get("/stream", (c) => streamText(c, async (stream) => {
  await stream.write("a");
  await stream.write("b");
}));
app.post("/posts", async (c) => c.json(await c.req.json(), 201));
export default app;`;

const REST = `import { addDays, format } from "date-fns";
import { nanoid } from "npm:nanoid@5";
import { render } from "preact-render-to-string";
import { z } from "zod";
const Person = z.object({ name: z.string().min(1) });
const Page = ({ name }: { name: string }) => <h1 class="x">Hello {name}</h1>;
export default {
  async fetch(request: Request) {
    const parsed = Person.safeParse(await request.json());
    if (!parsed.success) return Response.json(parsed.error.issues[0]?.path, { status: 400 });
    return Response.json({
      html: render(<Page name={parsed.data.name} />),
      date: format(addDays(new Date(2026, 0, 31), 1), "yyyy-MM-dd"),
      id: nanoid().length,
    });
  },
};`;

/** Whether it could: `false`, and a line that says why, where the registry cannot be reached. */
async function install(folder: string): Promise<boolean> {
  await Deno.writeTextFile(join(folder, "package.json"), '{"private":true}');
  const args = ["install", "--no-audit", "--no-fund", ...PACKAGES];
  const npm = new Deno.Command("npm", { args, cwd: folder, stdout: "null", stderr: "piped" });
  const { success, stderr } = await npm.output();
  const said = new TextDecoder().decode(stderr);
  if (success) return true;
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN/.test(said)) {
    console.log("SKIP npm packages: the npm registry cannot be reached");
    return false;
  }
  throw new Error(`npm install failed: ${said}`);
}

const ask = (node: RunningNode, path: string, init?: RequestInit) =>
  firstAnswer(`${node.url}${path}`, init);

const json = (body: string): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body,
});

/** What the two scripts answer, under the ids `hono` and `rest` of these packages. */
async function answersRight(node: RunningNode, hono: string, rest: string): Promise<void> {
  assertEquals((await ask(node, `/${hono}`)).text, "Hono!");
  const post = await ask(node, `/${hono}/posts/7?page=2`);
  assertEquals(JSON.parse(post.text), { id: "7", page: "2" });
  assertEquals((await ask(node, `/${hono}/stream`)).text, "ab");
  const cookies = await ask(node, `/${hono}/cookies`, { headers: { cookie: "seen=yes" } });
  assertEquals(cookies.headers.getSetCookie(), ["a=1; Path=/", "b=2; Path=/; HttpOnly"]);
  assertEquals(cookies.text, "yes");
  const events = await ask(node, `/${hono}/events`);
  assertEquals(events.headers.get("content-type"), "text/event-stream");
  assertEquals(events.text, "event: number\ndata: one\n\nevent: number\ndata: two\n\n");
  const body = new FormData();
  body.set("note", "hey");
  body.set("file", new File(["content"], "f.txt"));
  const uploaded = await ask(node, `/${hono}/upload`, { method: "POST", body });
  assertEquals(uploaded.text, '["hey","f.txt","content"]');
  const from = node.lines.length;
  assertEquals((await ask(node, `/${hono}/boom`)).status, 500);
  await node.waitForLines([
    /: <-- GET .*\/boom$/,
    /: Error: boom in a route$/,
    /at .*hono\.ts:21:32$/,
  ], {
    from,
  });
  const created = await ask(node, `/${hono}/posts`, json('{"a":1}'));
  assertEquals([created.status, created.text], [201, '{"a":1}']);
  const good = await ask(node, `/${rest}`, json('{"name":"<you>"}'));
  const html = '<h1 class="x">Hello &lt;you></h1>';
  assertEquals(JSON.parse(good.text), { html, date: "2026-02-01", id: 21 });
  const bad = await ask(node, `/${rest}`, json('{"name":""}'));
  assertEquals([bad.status, bad.text], [400, '["name"]']);
}

Deno.test("hono, zod, preact, date-fns and nanoid run as npm installs them, in a package and beside a script", async () => {
  await using node = await startNode({
    files: {
      "pack/manifest.json": '[{"process_name":"hono"},{"process_name":"rest"}]',
      "pack/hono.ts": hono("/hono:pack:template.os"),
      "pack/rest.tsx": REST,
    },
  });
  await node.waitForLine('pack/rest.tsx: run "npm install zod" in the package pack');
  if (!await install(join(node.processes, "pack"))) return;
  const patience = { timeoutSeconds: 240 };
  await node.waitForLine("kinode: started hono:pack:template.os", patience);
  await node.waitForLine("kinode: started rest:pack:template.os", patience);
  await answersRight(node, "hono:pack:template.os", "rest:pack:template.os");

  let from = node.lines.length;
  await node.take("pack/manifest.json");
  await node.waitForLine("kinode: stopped rest:pack:template.os", { from });
  await Deno.rename(
    join(node.processes, "pack", "node_modules"),
    join(node.processes, "node_modules"),
  );
  await node.drop("hono.ts", hono("/hono:hono:template.os"));
  await node.drop("rest.tsx", REST);
  await node.waitForLine("kinode: started hono:hono:template.os", patience);
  await node.waitForLine("kinode: started rest:rest:template.os", patience);
  await answersRight(node, "hono:hono:template.os", "rest:rest:template.os");

  from = node.lines.length;
  await node.drop("gone.ts", 'import "not-installed";');
  const line = await node.waitForLine(/not-installed is not installed/, { from });
  assertStringIncludes(line, "gone.ts:1:8");
});
