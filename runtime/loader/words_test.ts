import { assertEquals } from "@std/assert";
import type { ProcessId } from "../protocol/address.ts";
import { Config } from "../protocol/config.ts";
import { rightsOf } from "./rights.ts";
import { Announcer, type Told, wordsOf } from "./words.ts";

const ID = "a:a:template.os" as ProcessId;

function told(config: unknown, strict = false): Told {
  const circumstances = { packaged: false, strict, grant: null };
  const limits = Config(config, "config");
  return { id: ID, asksIn: "config", limits, ...rightsOf(limits, circumstances) };
}

const words = (config: unknown, strict = false) =>
  wordsOf(told(config, strict), "home/grants.json");

Deno.test("wordsOf() says in plain words what a script may do", () => {
  assertEquals(words({}), [
    "a:a:template.os may: serve HTTP, call other servers, set timers, " +
    "keep its own files, use the terminal",
  ]);
  assertEquals(words({}, true), ["a:a:template.os may: nothing but answer"]);
  assertEquals(
    words({ public: true }, true)[1],
    "a:a:template.os asks for rights in its config and does not get them: the node is --strict " +
      '(to grant them put "a:a:template.os": "asked" into home/grants.json)',
  );
});

Deno.test("wordsOf() says what is asked for in one line, and what rules the node in another", () => {
  const [, ...more] = words({
    request_capabilities: ["b:b:sys", { process: "c:c:sys", params: 1 }],
    grant_capabilities: ["d:d:sys", { process: "e:e:sys", params: "Read" }],
    public: true,
  });
  assertEquals(more, [
    "a:a:template.os asks for this and gets it: it may message b:b:sys; it has 1 of c:c:sys; " +
    'd:d:sys may message it; e:e:sys has "Read" of it; every process may message it',
  ]);
  const vfs = { process: "vfs:distro:sys", params: { root: true } };
  const power = words({
    request_capabilities: ["kernel:distro:sys", vfs],
    request_networking: true,
  });
  assertEquals(power.slice(1), [
    "a:a:template.os rules this node: it may message kernel:distro:sys; " +
    "it may do everything that vfs:distro:sys can; it may message other nodes",
  ]);
});

Deno.test("Announcer.say() says it once, and again when it changes", () => {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const announcer = new Announcer({ info: line, warn: line }, null);
  const say = (config: unknown) => {
    announcer.say(told(config));
    return lines.splice(0).length;
  };
  assertEquals([say({}), say({}), say({ public: true }), say({ public: true })], [1, 0, 2, 0]);
});

Deno.test("wordsOf() says which limits a script has raised for itself", () => {
  assertEquals(words({ memory_mb: 128, cpu_seconds: 5 }).length, 1);
  assertEquals(words({ memory_mb: 4096, cpu_seconds: 60 }).slice(1), [
    "a:a:template.os asks for this and gets it: its heap may have 4096 MB (memory_mb, usually 128); " +
    "it may take 60 s for a message (cpu_seconds, usually 30)",
  ]);
});

Deno.test("wordsOf() says where a script may call out to, if not where any may", () => {
  const usual = "a:a:template.os may: serve HTTP, call other servers, set timers, " +
    "keep its own files, use the terminal";
  const asks = "a:a:template.os asks for this and gets it: ";
  assertEquals(words({ network: "public" }), [usual]);
  assertEquals(words({ network: "none" }), [usual.replace(" call other servers,", "")]);
  assertEquals(words({ network: "local" }), [
    usual,
    `${asks}it may call this machine and your own network`,
  ]);
  assertEquals(words({ network: ["a.org", "localhost:80"] }), [
    usual,
    `${asks}it may call a.org, localhost:80 and nobody else`,
  ]);
  assertEquals(words({ network: "all" }), [
    usual,
    `${asks}it may call every address, also where a cloud keeps this machine's secrets`,
  ]);
  assertEquals(words({ network: "all" }, true)[1]?.includes("does not get them"), true);
});
