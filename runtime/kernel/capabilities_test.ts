import { assertEquals, assertThrows } from "@std/assert";
import { CAPABILITIES_PER_PROCESS_MAX, CAPABILITY_CHARS_PER_PROCESS_MAX } from "../limits.ts";
import type { Address } from "../protocol/address.ts";
import type { Capability } from "../protocol/message.ts";
import { MESSAGING } from "../protocol/config.ts";
import { CapabilityTable } from "./capabilities.ts";

const A = "fake.dev@a:a:template.os" as Address;
const B = "fake.dev@b:b:template.os" as Address;
const VFS = "fake.dev@vfs:distro:sys" as Address;

function table(): { changed: Address[]; table: CapabilityTable } {
  const changed: Address[] = [];
  return { changed, table: new CapabilityTable("fake.dev", (holder) => void changed.push(holder)) };
}

function cap(issuer: string, params: string): Capability {
  return { issuer: issuer as Address, params };
}

Deno.test("kernel.md §4: a capability is held from grant to drop, and each change is told once", () => {
  const { changed, table: t } = table();
  t.grant(A, cap(VFS, '{"root":true}'));
  t.grant(A, cap(VFS, '{ "root" : true }'));
  assertEquals([t.holds(A, cap(VFS, '{"root":true}')), t.holds(B, cap(VFS, '{"root":true}'))], [
    true,
    false,
  ]);
  assertEquals(t.list(A), [cap(VFS, '{"root":true}')]);
  t.drop(A, cap(VFS, '{"root":true}'));
  t.drop(A, cap(VFS, '{"root":true}'));
  assertEquals([t.holds(A, cap(VFS, '{"root":true}')), changed], [false, [A, A]]);
});

Deno.test("kernel.md §4.1: params are compared as JSON, and what is no JSON equals only itself", () => {
  const { table: t } = table();
  t.grant(A, cap(VFS, '{"kind":"read","drive":"/p:k/d"}'));
  t.grant(A, cap(VFS, "junk 1"));
  const table_: [string, boolean][] = [
    ['{"drive":"/p:k/d","kind":"read"}', true],
    ['{"drive":"/p:k/d","kind":"write"}', false],
    ['{"drive":"/p:k/d","kind":"read","more":1}', false],
    ["junk 1", true],
    ["junk 2", false],
    ["", false],
  ];
  for (const [params, held] of table_) assertEquals(t.holds(A, cap(VFS, params)), held, params);
});

Deno.test("kernel.md §1.4: `our@` and a module's older name mean the same issuer", () => {
  const { table: t } = table();
  t.grant(A, cap("our@http_server:distro:sys", MESSAGING));
  assertEquals(t.mayMessage(A, "fake.dev@http-server:distro:sys" as Address), true);
  assertEquals(t.holds(A, cap("fake.dev@http-server:distro:sys", MESSAGING)), true);
});

Deno.test("kernel.md §4.3: filter() keeps what the sender issues or holds; another node's same id is another", () => {
  const { table: t } = table();
  t.grant(A, cap(VFS, '{"root":true}'));
  const own = cap("our@a:a:template.os", '"RemoveOther"');
  const foreign = cap("other.os@a:a:template.os", '"RemoveOther"');
  const held = cap(VFS, '{"root":true}');
  const forged = cap(B, MESSAGING);
  assertEquals(t.filter(A, [own, foreign, held, forged]), [cap(A, '"RemoveOther"'), held]);
});

Deno.test("kernel.md §4.3: revoke() takes back what one issued, from everybody", () => {
  const { table: t } = table();
  for (const holder of [A, B]) {
    t.grant(holder, cap(VFS, '{"root":true}'));
    t.grant(holder, cap(A, MESSAGING));
  }
  t.revoke(VFS);
  assertEquals([t.list(A), t.list(B)], [[cap(A, MESSAGING)], [cap(A, MESSAGING)]]);
  assertEquals(JSON.parse(t.listJson(B)), t.list(B));
  t.revoke(A);
  assertEquals([t.mayMessage(B, A), t.list(B), t.listJson(B)], [false, [], "[]"]);
});

Deno.test("CapabilityTable.grant() is bounded per holder", () => {
  const { table: t } = table();
  for (let i = 0; i < CAPABILITIES_PER_PROCESS_MAX; i++) t.grant(A, cap(VFS, `${i}`));
  assertThrows(() => t.grant(A, cap(VFS, '"more"')), RangeError, "capabilities already");
  t.grant(B, cap(VFS, '"more"'));
});

Deno.test("CapabilityTable.grant() is bounded in characters, and what is dropped counts no more", () => {
  const { table: t } = table();
  const large = (name: string) => cap(VFS, `"${name}${"x".repeat(65_000)}"`);
  const fits = Math.floor(CAPABILITY_CHARS_PER_PROCESS_MAX / 65_100);
  for (let i = 0; i < fits; i++) t.grant(A, large(`${i}`));
  assertThrows(() => t.grant(A, large("more")), RangeError, "characters of capabilities");
  t.grant(A, large("0"));
  t.drop(A, large("0"));
  t.grant(A, large("more"));
});

Deno.test("a module holds what was granted to either of its names", () => {
  const table = new CapabilityTable("fake.dev", () => {});
  const issuer = "fake.dev@a:b:c.os" as Address;
  const module = "fake.dev@http-server:distro:sys" as Address;
  const old = "fake.dev@http_server:distro:sys" as Address;
  for (const give of ["give", "grant"] as const) {
    table[give](old, { issuer, params: MESSAGING });
    assertEquals(table.mayMessage(module, issuer), true, give);
    table.drop(old, { issuer, params: MESSAGING });
    assertEquals(table.mayMessage(module, issuer), false, give);
  }
});
