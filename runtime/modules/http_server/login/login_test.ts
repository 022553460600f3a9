import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { LOGIN_SECONDS } from "./limits.ts";
import { KeyfileUnusable } from "./keyfile.ts";
import { bedTest, HASH, OTHER } from "./testing.ts";

bedTest(
  "§2.7: the first password is set with the terminal's token, and opens the next start",
  async (bed) => {
    assertMatch(bed.login.hint("http://localhost:8080")!, /no password yet.*\/login#setup=/);
    const cookie = await bed.cookie();
    assertMatch(cookie, /^kinode-auth_fake\.dev=[\w-]+\.[\w-]+\.[\w-]+$/);
    assert(await bed.isIn(cookie));
    await bed.start();
    assert(!await bed.isIn(cookie), "before a login nobody knows the secret");
    assertMatch(bed.login.hint("http://localhost:8080")!, /nobody has logged in since the start/);
    const next = await bed.cookie();
    assert(await bed.isIn(next));
    assert(await bed.isIn(cookie), "a cookie of the last life is good again");
    assertEquals(bed.login.hint("http://localhost:8080"), null);
  },
);

bedTest("without the token nobody sets the first password", async (bed) => {
  for (const setup of ["", "guess", undefined]) {
    const response = await bed.ask("POST", "/login", { body: { password_hash: HASH, setup } });
    assertEquals(response.status, 403);
  }
  await assertRejects(() => Deno.stat(join(bed.home, "keyfile.json")), Deno.errors.NotFound);
});

bedTest("of two who set it at once the first wins", async (bed) => {
  const { setup } = bed;
  const tries = [HASH, OTHER].map((hash) => ({ password_hash: hash, setup }));
  const answers = await Promise.all(tries.map((body) => bed.ask("POST", "/login", { body })));
  assertEquals(answers.map(({ status }) => status).sort(), [200, 401]);
});

bedTest("§2.7: the cookie has its attributes, and lasts 26 weeks", async (bed) => {
  const response = await bed.ask("POST", "/login", {
    body: { password_hash: HASH, setup: bed.setup },
  });
  const line = response.headers.get("set-cookie")!;
  assertStringIncludes(line, `; Path=/; Max-Age=${LOGIN_SECONDS}; HttpOnly; SameSite=Lax`);
  assert(!line.includes("Secure"));
  assertMatch(atob(await response.json()), /"sealed":/);
  const cookie = line.split(";")[0]!;
  bed.now += (LOGIN_SECONDS - 1) * 1000;
  assert(await bed.isIn(cookie));
  bed.now += 2_000;
  assert(!await bed.isIn(cookie));
});

bedTest("a wrong password is 401, and after some the client has to wait", async (bed) => {
  await bed.cookie();
  await bed.start();
  const wrong = (client: string) =>
    bed.ask("POST", "/login", { body: { password_hash: OTHER }, client });
  for (let i = 0; i < 5; i++) assertEquals((await wrong("1.1.1.1")).status, 401);
  const refused = await wrong("1.1.1.1");
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assertEquals((await wrong("2.2.2.2")).status, 401, "another client may try");
  bed.now += 1_000;
  assertEquals((await wrong("1.1.1.1")).status, 401);
  assertEquals((await wrong("1.1.1.1")).headers.get("retry-after"), "2");
});

bedTest("no more than two passwords are worked on at a time", async (bed) => {
  await bed.cookie();
  const tries = Array.from(
    { length: 20 },
    (_, i) => bed.ask("POST", "/login", { body: { password_hash: OTHER }, client: `1.1.1.${i}` }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  assertEquals(statuses.filter((status) => status === 401).length, 2);
  assertEquals(statuses.filter((status) => status === 429).length, 18);
});

bedTest(
  "cookies that are forged, of another node, another subdomain or another alg are worth nothing",
  async (bed) => {
    const cookie = await bed.cookie();
    const [name, token] = cookie.split("=") as [string, string];
    const [head, claims, signature] = token.split(".") as [string, string, string];
    const none = btoa('{"alg":"none"}').replaceAll("=", "");
    const forged = btoa(atob(claims).replace(/\d+\}$/, "9999999999}")).replaceAll("=", "");
    const bad = [
      `${name}=`,
      `${name}=x`,
      `${name}=${none}.${claims}.`,
      `${name}=${none}.${claims}.${signature}`,
      `${name}=${head}.${forged}.${signature}`,
      `kinode-auth_other.dev=${token}`,
      `${name}@a:b:c.os=${token}`,
      `${name}=${token}=`,
      "",
    ];
    for (const one of bad) assert(!await bed.isIn(one), one);
    assert(!await bed.isIn(`${name}@a:b:c.os=${token}`, "a:b:c.os"));
    assert(await bed.isIn(`a=b; ${cookie}; c=d`));
  },
);

bedTest("a good cookie is found among bad ones, but not behind as many as fit", async (bed) => {
  const cookie = await bed.cookie();
  const bad = (count: number) => Array(count).fill(cookie.replace(/[^.]+$/, "AAAA")).join("; ");
  assert(await bed.isIn(`${bad(3)}; ${cookie}; ${bad(500)}`));
  assert(!await bed.isIn(`${bad(500)}; ${cookie}`));
});

bedTest("§2.7: a subdomain's cookie is good for it alone", async (bed) => {
  const cookie = await bed.cookie(HASH, "a:b:c_d.os");
  assertMatch(cookie, /^kinode-auth_fake\.dev@a:b:c_d\.os=/);
  assert(await bed.isIn(cookie, "a:b:c_d.os"));
  assert(!await bed.isIn(cookie, "x:y:z"));
  assert(!await bed.isIn(cookie));
});

bedTest("§2.7: fake nodes take any password, and remember their logins", async (bed) => {
  assertEquals(bed.login.hint("http://localhost:8080"), null);
  const cookie = await bed.cookie(OTHER);
  await bed.start({ fake: true });
  assert(await bed.isIn(cookie));
}, { fake: true });

bedTest("a password file opens the node without a person", async (bed) => {
  const passwordFile = join(bed.home, "password");
  await Deno.writeTextFile(passwordFile, "correct horse\n");
  await bed.start({ passwordFile });
  assertEquals(bed.login.hint("x"), null);
  await Deno.writeTextFile(passwordFile, "another\n");
  await assertRejects(() => bed.start({ passwordFile }), Error, "does not open");
  await Deno.writeTextFile(passwordFile, "\n");
  await assertRejects(() => bed.start({ passwordFile }), KeyfileUnusable, "first line is empty");
  await assertRejects(
    () => bed.start({ passwordFile: "/nowhere/at/all" }),
    KeyfileUnusable,
    "/nowhere",
  );
});

bedTest("a keyfile that is broken, or another node's, says so", async (bed) => {
  await bed.cookie();
  await assertRejects(() => bed.start({ node: "other.dev" }), KeyfileUnusable, "--name fake.dev");
  await Deno.writeTextFile(join(bed.home, "keyfile.json"), "{");
  await assertRejects(() => bed.start(), KeyfileUnusable, "keyfile.json");
});

bedTest(
  "a keyfile with a damaged field says so at the start, not that a password is wrong",
  async (bed) => {
    await bed.cookie();
    const path = join(bed.home, "keyfile.json");
    const good = JSON.parse(await Deno.readTextFile(path));
    const damages: Record<string, unknown>[] = [
      { salt: "!" },
      { salt: "AAAA" },
      { nonce: "" },
      { sealed: "AAAA" },
      { iterations: 0 },
      { iterations: Number.MAX_SAFE_INTEGER },
    ];
    for (const damage of damages) {
      await Deno.writeTextFile(path, JSON.stringify({ ...good, ...damage }));
      const [field] = Object.keys(damage);
      await assertRejects(() => bed.start(), KeyfileUnusable, `damaged (${field}`);
    }
  },
);

bedTest("a keyfile that cannot be written changes nothing, and may be tried again", async (bed) => {
  const { setup } = bed;
  const set = () => bed.ask("POST", "/login", { body: { password_hash: HASH, setup } });
  await Deno.remove(bed.home, { recursive: true });
  await assertRejects(set, Deno.errors.NotFound);
  await Deno.mkdir(bed.home);
  assertEquals((await set()).status, 200);
  const cookie = await bed.cookie();
  const everywhere = () => bed.ask("POST", "/logout?everywhere", { headers: { cookie } });
  await Deno.remove(bed.home, { recursive: true });
  await assertRejects(everywhere, Deno.errors.NotFound);
  assert(await bed.isIn(cookie), "who was not told that it is done is not half logged out");
  await Deno.mkdir(bed.home);
  assertEquals((await everywhere()).status, 200);
  assert(!await bed.isIn(cookie));
});

bedTest("a fake node lets no page in by a name that others can make lead here", async (bed) => {
  const under = async (host: string) => {
    const headers = { host, origin: `http://${host}` };
    return (await bed.ask("POST", "/login", { body: { password_hash: HASH }, headers })).status;
  };
  for (const host of ["evil.example:8080", "localhost.evil.example", "nothome.example"]) {
    assertEquals(await under(host), 403, host);
  }
  for (const host of ["localhost:8080", "192.0.2.1:8080", "[::1]:8080", "a.home.example"]) {
    assertEquals(await under(host), 200, host);
  }
}, { fake: true });

bedTest("bodies that are no login", async (bed) => {
  const bad = ["", "{", "{}", '{"password_hash":"abc"}', '{"password_hash":"0xzz"}', "[]"];
  for (const body of bad) {
    const response = await bed.ask("POST", "/login", { body, headers: { "content-length": "1" } });
    assertEquals([response.status, await response.json()], [400, "Failed to parse login info"]);
  }
  const long = { body: "x", headers: { "content-length": "16385" } };
  assertEquals((await bed.ask("POST", "/login", long)).status, 413);
  assertEquals((await bed.ask("POST", "/login")).status, 411);
  assertEquals((await bed.ask("PUT", "/login")).status, 405);
});

bedTest("a redirect leads to this node only", async (bed) => {
  const { setup } = bed;
  const body = { password_hash: HASH, setup };
  const good = await bed.ask("POST", "/login?redirect=/a:b:c.os/x", { body });
  assertEquals([good.status, good.headers.get("location")], [303, "/a:b:c.os/x"]);
  for (const bad of ["//evil.example", "/\\evil.example", "https://evil.example", "/%0d%0ax:y"]) {
    const response = await bed.ask("POST", `/login?redirect=${bad}`, { body });
    assertEquals([response.status, response.headers.get("location")], [200, null], bad);
  }
});

bedTest("pages of other sites neither log in nor out", async (bed) => {
  const body = { password_hash: HASH, setup: bed.setup };
  const foreign: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://x.localhost:8080" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    assertEquals((await bed.ask("POST", "/login", { body, headers })).status, 403);
    assertEquals((await bed.ask("POST", "/logout", { headers })).status, 403);
  }
  const own = { origin: "http://localhost:8080" };
  assertEquals((await bed.ask("POST", "/login", { body, headers: own })).status, 200);
});

bedTest("logging out clears the cookies; everywhere, all that were given", async (bed) => {
  const cookie = await bed.cookie();
  const out = await bed.ask("POST", "/logout", { headers: { cookie: `${cookie}; a=b` } });
  assertMatch(out.headers.get("set-cookie")!, /^kinode-auth_fake\.dev=; Path=\/; Max-Age=0;/);
  assertEquals((await bed.ask("GET", "/logout")).status, 405);
  assertEquals((await bed.ask("POST", "/logout?everywhere")).status, 401);
  assertEquals((await bed.ask("POST", "/logout?everywhere", { headers: { cookie } })).status, 200);
  assert(!await bed.isIn(cookie));
  assert(await bed.isIn(await bed.cookie()), "a new login is good at once");
});

bedTest("who is not logged in: a program hears 401, a person sees the page", async (bed) => {
  const program = bed.login.refuse(new Headers({ accept: "application/json" }), null);
  assertEquals([program.status, (await program.json()).login], [401, "/login"]);
  for (const accept of ["text/html,application/json;q=0.9", "*/*"]) {
    const page = bed.login.refuse(new Headers({ accept }), "a:b:<c>");
    assertEquals(page.status, 200);
    const html = await page.text();
    assertStringIncludes(html, '"subdomain":"a:b:\\u003cc>"');
    assertMatch(page.headers.get("content-security-policy")!, /frame-ancestors 'none'/);
  }
});

bedTest("the page's files are served, and nothing else", async (bed) => {
  const file = await bed.ask("GET", "/login/argon2.js");
  assertEquals([file.status, file.headers.get("content-type")], [200, "text/javascript"]);
  assertStringIncludes(await file.text(), "argon2id");
  assertEquals((await bed.ask("GET", "/login/..%2f..%2fetc%2fpasswd")).status, 404);
});
