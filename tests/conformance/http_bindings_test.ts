// spec/http.md §7.6.1: binding, unbinding and matching of paths, through a node, with curl as the client.
import { assertEquals } from "@std/assert";
import { testNeeding } from "../clients/needs.ts";
import vectors from "../vectors/http_server_paths.json" with { type: "json" };
import { bind, bindStatic, HttpGuest, unbind } from "./http_guest.ts";

interface Found {
  path: string;
  binding: string | null;
  params?: Record<string, string>;
}

/** What answers the path: the bound path without the process, and the values of its parameters. */
async function find(guest: HttpGuest, path: string): Promise<Omit<Found, "path">> {
  const { status, text } = await guest.get(path);
  if (status === 404) return { binding: null };
  const { bound_path, url_params } = JSON.parse(text).Http;
  return { binding: bound_path.slice(`/${guest.id}`.length) || "/", params: url_params };
}

testNeeding(["curl"], "spec/http.md §1.5: the matching table", async (t) => {
  await using guest = await HttpGuest.start();
  const prefix = `/${vectors.process}`;
  await guest.bind(...vectors.bound);
  for (const { path, binding, params } of vectors.found as Found[]) {
    if (!path.startsWith(prefix)) continue;
    await t.step(`${path} is answered by ${binding}`, async () => {
      const expected = binding === null ? { binding } : { binding, params };
      assertEquals(await find(guest, path.slice(prefix.length)), expected);
    });
  }
});

testNeeding(["curl"], "spec/http.md §1.5: precedence", async (t) => {
  await using guest = await HttpGuest.start();
  for (const [i, vector] of (vectors.precedence as (Found & PrecedenceVector)[]).entries()) {
    await t.step(vector.name, async () => {
      // Patterns that begin with a segment of their own never meet those of another vector.
      const under = (path: string) => `/v${i}${path}`;
      await guest.bind(...vector.bound.map(under));
      const { binding, params } = await find(guest, under(vector.path));
      assertEquals(binding, vector.binding && under(vector.binding));
      if (binding !== null) assertEquals(params, vector.params);
    });
  }
});

interface PrecedenceVector {
  name: string;
  bound: string[];
}

testNeeding(["curl"], "spec/http.md §1.4: unbound paths, and who writes last", async (t) => {
  await using guest = await HttpGuest.start();
  const status = async (path: string) => (await guest.get(path)).status;

  await t.step("a path answers once it is bound, and 404 again once it is unbound", async () => {
    assertEquals(await status("/x"), 404);
    await guest.bind("/x");
    assertEquals(await status("/x"), 200);
    await guest.actOk(unbind("/x"));
    assertEquals(await status("/x"), 404);
    await guest.bind("/x");
    assertEquals(await status("/x"), 200);
  });

  await t.step("base-path fallback: `/` answers what nothing else matches", async () => {
    await guest.bind("/");
    assertEquals(await find(guest, "/any/where"), { binding: "/", params: {} });
  });

  await t.step("a tombstone is 404 where the fallback or a pattern would answer", async () => {
    await guest.bind("/files/*rest");
    await guest.actOk(unbind("/files/secret"), unbind("/never/bound"));
    assertEquals(await status("/files/secret"), 404);
    assertEquals((await find(guest, "/files/other")).params, { rest: "other" });
    assertEquals(await status("/never/bound"), 404);
  });

  await t.step(
    "the later binding of a path replaces the earlier, and its parameter's name",
    async () => {
      await guest.actOk(bindStatic("/y", "old"), bindStatic("/y", "new"));
      assertEquals((await guest.get("/y")).text, "new");
      await guest.bind("/y");
      assertEquals((await find(guest, "/y")).binding, "/y");
      await guest.bind("/z/:a", "/z/:b");
      assertEquals(await find(guest, "/z/1"), { binding: "/z/:b", params: { b: "1" } });
    },
  );

  await t.step("one trailing slash does not count, two do", async () => {
    await guest.bind("/slash/");
    assertEquals((await find(guest, "/slash")).binding, "/slash");
    assertEquals((await find(guest, "/slash/")).binding, "/slash");
    assertEquals((await find(guest, "/slash//")).binding, "/");
  });

  await t.step("§7.2, 12: the empty path is the root, not one that nothing reaches", async () => {
    await guest.actOk(unbind("/"));
    assertEquals(await status(""), 404);
    await guest.bind("");
    assertEquals([(await find(guest, "")).binding, (await find(guest, "/")).binding], ["/", "/"]);
  });
});

testNeeding(["curl"], "spec/http.md §1.6: static content", async (t) => {
  await using guest = await HttpGuest.start();
  await guest.actOk(bindStatic("/page", "<p>hello", "text/html"), bindStatic("/plain", "x"));

  await t.step("GET is http_server's answer, with the blob's type or text/plain", async () => {
    const page = await guest.get("/page?do=die");
    assertEquals([page.status, page.text, page.headers.get("content-type")], [
      200,
      "<p>hello",
      "text/html",
    ]);
    assertEquals((await guest.get("/plain")).headers.get("content-type"), "text/plain");
  });

  await t.step("other methods are the process's", async () => {
    const posted = JSON.parse((await guest.get("/page", "-d", "data")).text);
    assertEquals([posted.Http.method, posted.blob.bytes], ["POST", "data"]);
  });

  await t.step("an addition: HEAD, ETag, 304, Range", async () => {
    const { status, headers, text } = await guest.get("/page", "-I");
    assertEquals([status, headers.get("content-length"), text], [200, "8", ""]);
    const tag = `If-None-Match: ${headers.get("etag")}`;
    assertEquals((await guest.get("/page", "-H", tag)).status, 304);
    const part = await guest.get("/page", "-r", "3-4");
    assertEquals([part.status, part.text, part.headers.get("content-range")], [
      206,
      "he",
      "bytes 3-4/8",
    ]);
    assertEquals((await guest.get("/page", "-r", "8-")).status, 416);
  });

  await t.step("an addition: large content lies on the disk while it is bound", async () => {
    const folder = `${guest.node.home}/cache/static`;
    const files = () => [...Deno.readDirSync(folder)];
    const large = "0123456789".repeat(200_000);
    await guest.actOk(bindStatic("/large", large));
    const answer = await guest.get("/large");
    assertEquals([answer.text === large, answer.headers.get("content-length")], [true, "2000000"]);
    assertEquals((await guest.get("/large", "-r", "-10")).text, "0123456789");
    while (files().length === 0) await guest.get("/large", "-I");
    assertEquals((await guest.get("/large")).text === large, true);
    await guest.actOk(unbind("/large"));
    while (files().length > 0) assertEquals((await guest.get("/large", "-I")).status, 404);
  });

  await t.step("`/` with content is also every unbound sub-path's (SPA routing)", async () => {
    await guest.actOk(bindStatic("/", "index", "text/html"));
    assertEquals((await guest.get("/deep/route")).text, "index");
  });

  await t.step("cache without a blob is NoBlob", async () => {
    assertEquals(await guest.act({ action: bind("/none", { cache: true }) }), [{ Err: "NoBlob" }]);
  });
});
