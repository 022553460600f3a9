// Who may do what with whom: spec/kernel.md §4, as far as there are modules for it.

import { assertEquals, assertRejects } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { findRemote, KERNEL, type Remote, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

interface Capability {
  issuer: string;
  params: string;
}

const ANSWERS = "our@answers:answers:template.os";
const answers = (params: unknown): Capability => ({
  issuer: "fake.dev@answers:answers:template.os",
  params: JSON.stringify(params),
});
const messaging = (id: string): Capability => ({
  issuer: `fake.dev@${id}`,
  params: '"messaging"',
});

/** A node with the public `answers`, and with `silent`, which may be messaged by who has the right to. */
async function startPartners(home?: string): Promise<RunningNode> {
  const files = { "silent.ts": readProgram("silent.ts"), "answers.ts": readProgram("answers.ts") };
  const node = await startNode({ files, home });
  await node.waitForLine(" silent:template.os: bound");
  await node.waitForLine(" answers:template.os: ready");
  return node;
}

const SILENT = "our@silent:silent:template.os";
/** Why a request to `to` is refused; `allowed` if it was let through, be it answered in no time or not. */
async function reasonOf(remote: Remote, to = SILENT): Promise<string> {
  const { reason } = await remote.send(to, "hold", { seconds: 0 });
  return reason === undefined || reason === "no-answer" ? "allowed" : reason;
}
const heldBy = (remote: Remote) => remote.call<Capability[]>("held");
const holds = async (remote: Remote, { issuer, params }: Capability) =>
  (await heldBy(remote)).some((one) => one.issuer === issuer && one.params === params);

Deno.test("kernel.md §12.11, §4.4: the matrix of messaging", async (t) => {
  await using node = await startPartners();
  const silent = "silent:silent:template.os";
  const rows: [name: string, config: Record<string, unknown>, to: string, reason: string][] = [
    ["nothing", {}, SILENT, "not-permitted"],
    ["requests", { request_capabilities: [silent] }, SILENT, "allowed"],
    [
      "other_params",
      { request_capabilities: [{ process: silent, params: "Read" }] },
      SILENT,
      "not-permitted",
    ],
    ["other_process", { request_capabilities: ["nobody:nobody:sys"] }, SILENT, "not-permitted"],
    ["to_public", {}, ANSWERS, "allowed"],
    [
      "no_network",
      { request_capabilities: [silent] },
      `other.dev@${silent}`,
      "no-network-capability",
    ],
    ["network", { request_networking: true }, `other.dev@${silent}`, "offline"],
    ["to_kernel", {}, KERNEL, "not-permitted"],
    ["to_module", {}, "our@http-client:distro:sys", "allowed"],
  ];
  for (const [name, config, to, reason] of rows) {
    await t.step(`${name} → ${to}: ${reason}`, async () => {
      const remote = await startRemote(node, name, config);
      assertEquals(await reasonOf(remote, to), reason);
    });
  }
});

Deno.test("kernel.md §12.11: grant_capabilities lets another message it, from its start on; public lets everybody", async () => {
  await using node = await startNode({ files: {} });
  const other = await startRemote(node, "other");
  const grants = await startRemote(node, "grants", {
    grant_capabilities: [other.id, { process: other.id, params: { may: "read" } }],
  });
  await node.waitForLine(
    `kinode: ${grants.id} asks for this and gets it: ${other.id} may message it; ${other.id} has {"may":"read"} of it`,
  );
  assertEquals((await other.send(`our@${grants.id}`, 1)).body, "heard");
  assertEquals(
    await holds(other, { issuer: `fake.dev@${grants.id}`, params: '{"may":"read"}' }),
    true,
  );
  assertEquals(await reasonOf(grants, `our@${other.id}`), "not-permitted");
  const open = await startRemote(node, "open", { public: true });
  assertEquals((await grants.send(`our@${open.id}`, 1)).body, "heard");
});

Deno.test("kernel.md §12.11, §4.5: attached capabilities arrive if the sender holds or issues them, forged ones do not", async () => {
  await using node = await startPartners();
  const remote = await startRemote(node, "remote", {
    request_capabilities: [{ process: "silent:silent:template.os", params: { b: 1, a: [2] } }],
  });
  const own = { issuer: `fake.dev@${remote.id}`, params: '"Read"' };
  const held = { issuer: "fake.dev@silent:silent:template.os", params: '{"a":[2],"b":1}' };
  const attached = [
    { ...own, issuer: `our@${remote.id}` },
    { ...held, params: '{ "b": 1, "a": [2] }' },
    { ...held, params: '{"a":[2],"b":2}' },
    { issuer: `other.dev@${remote.id}`, params: '"Read"' },
    { issuer: "fake.dev@kernel:distro:sys", params: '"messaging"' },
  ];
  const { body } = await remote.send(ANSWERS, "show", { capabilities: attached });
  assertEquals(JSON.parse(body!), [own, held]);

  // The same on the way back: what `answers` made up in another's name is not among what it gave.
  const { capabilities } = await remote.send(ANSWERS, { give: "Read" });
  assertEquals(capabilities, [answers("Read")]);
});

Deno.test("kernel.md §12.11, §4.5: only a capability that came with a message can be saved, and a dropped one is gone", async () => {
  await using node = await startPartners();
  const remote = await startRemote(node, "remote");
  const params = { may: "read" };
  const refused = "no message brought the capability";
  await assertRejects(() => remote.call("save", [answers(params)]), Error, refused);
  await assertRejects(() => remote.call("save", [messaging("kernel:distro:sys")]), Error, refused);
  assertEquals(await reasonOf(remote, KERNEL), "not-permitted");

  await remote.send(ANSWERS, { give: params });
  assertEquals(await holds(remote, answers(params)), false);
  // All or none: with one that was never seen, the seen one is not saved either.
  const unseen = [answers(params), answers("Write")];
  await assertRejects(
    () => remote.call("save", unseen),
    Error,
    `${refused} ${answers("").issuer}("Write")`,
  );
  assertEquals(await holds(remote, answers(params)), false);
  await remote.call("save", [answers(params)]);
  assertEquals(await holds(remote, answers(params)), true);
  const { body } = await remote.send(ANSWERS, "show", { capabilities: [answers(params)] });
  assertEquals(JSON.parse(body!), [answers(params)]);

  await remote.call("drop", [answers(params), answers("never held")]);
  assertEquals(await holds(remote, answers(params)), false);
});

Deno.test("kernel.md §12.11: a process that passes a right on: the receiver saves it, and uses it", async () => {
  await using node = await startPartners();
  const rich = await startRemote(node, "rich", {
    request_capabilities: ["silent:silent:template.os", "poor:poor:template.os"],
  });
  const poor = await startRemote(node, "poor");
  assertEquals(await reasonOf(poor), "not-permitted");
  const right = messaging("silent:silent:template.os");
  await rich.send(`our@${poor.id}`, "take this", { capabilities: [right] });
  assertEquals(await reasonOf(poor), "not-permitted");
  await poor.call("save", [right]);
  assertEquals(await reasonOf(poor), "allowed");
});

Deno.test("kernel.md §12.11, §4.3: what a process issued ends with its kill, also for what was granted and after a reboot", async () => {
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  const given = answers("Read");
  {
    await using node = await startPartners(home);
    const boss = await startRemote(node, "boss", RULES);
    const granted = { target: boss.id, capabilities: [messaging("silent:silent:template.os")] };
    assertEquals(await boss.ask(KERNEL, { GrantCapabilities: granted }), "Done");
    await boss.send(ANSWERS, { give: "Read" });
    await boss.call("save", [given]);
    await node.stop();
  }
  {
    await using node = await startPartners(home);
    const boss = await findRemote(node, "boss");
    // Both are there after a reboot, and can still be taken back.
    assertEquals([await holds(boss, given), await reasonOf(boss)], [true, "allowed"]);
    await boss.ask(KERNEL, { KillProcess: "answers:answers:template.os" });
    assertEquals(await holds(boss, given), false);
    await boss.ask(KERNEL, { KillProcess: "silent:silent:template.os" }, { metadata: "no-revoke" });
    assertEquals(await holds(boss, messaging("silent:silent:template.os")), true);
    await node.stop();
  }
  await using node = await startPartners(home);
  const boss = await findRemote(node, "boss");
  assertEquals([await holds(boss, given), await reasonOf(boss)], [false, "allowed"]);
  await node.stop();
  await Deno.remove(home, { recursive: true });
});

Deno.test("kernel.md §12.11: a grant to a process that is not there yet is kept, also across a reboot, and works when it appears", async () => {
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  const target = "later:later:template.os";
  const grant = (id: string) => ({
    GrantCapabilities: { target, capabilities: [{ issuer: `our@${id}`, params: '"messaging"' }] },
  });
  {
    await using node = await startPartners(home);
    const boss = await startRemote(node, "boss", RULES);
    assertEquals(await boss.ask(KERNEL, grant("silent:silent:template.os")), "Done");
    // Neither holder nor issuer are there.
    assertEquals(await boss.ask(KERNEL, grant("open:open:template.os")), "Done");
    await node.stop();
  }
  await using node = await startPartners(home);
  const later = await startRemote(node, "later");
  assertEquals(await reasonOf(later), "allowed");
  assertEquals(await reasonOf(later, "our@open:open:template.os"), "no-such-process");
  await startRemote(node, "open");
  assertEquals((await later.send("our@open:open:template.os", 1)).body, "heard");
  await node.stop();
  await Deno.remove(home, { recursive: true });
});
