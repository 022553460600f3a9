import { assertEquals } from "@std/assert";
import { parseProcessId } from "../../protocol/address.ts";
import { Hosts, labelOf } from "./hosts.ts";

const hello = parseProcessId("hello:hello:template.os");

function target(hostname: string, path = "/a/") {
  return { scheme: "http" as const, hostname, path, query: "" };
}

Deno.test("a dropped script's host is its name, any other's its whole id", () => {
  const labels = [
    ["hello:hello:template.os", "hello"],
    ["my_app:my_app:template.os", "my-app"],
    ["chat:talk:you.os", "chat-talk-you-os"],
    ["_x:_x:template.os", null],
    [`${"x".repeat(64)}:${"x".repeat(64)}:template.os`, null],
  ] as const;
  for (const [id, label] of labels) assertEquals(labelOf(id as never), label, id);
});

Deno.test("below localhost, and the owner's domain, a label leads to its process", () => {
  const hosts = new Hosts(["home.example.org"]);
  hosts.add(hello);
  const path = "/hello:hello:template.os/a/";
  for (const host of ["hello.localhost", "HELLO.localhost", "hello.home.example.org"]) {
    assertEquals(hosts.resolve(target(host)), { ...target(host), path, shown: "/a/" });
  }
  const others = [
    "localhost",
    "other.localhost",
    "a.hello.localhost",
    "hello.example.org",
    "127.0.0.1",
  ];
  for (const host of others) assertEquals(hosts.resolve(target(host)), target(host));
  assertEquals(hosts.resolve(target("hello.localhost", path)), target("hello.localhost", path));
});

Deno.test("of two processes whose names make one label the first has it", () => {
  const hosts = new Hosts([]);
  hosts.add(parseProcessId("a-b:a-b:template.os"));
  hosts.add(parseProcessId("a_b:a_b:template.os"));
  assertEquals(hosts.resolve(target("a-b.localhost")).path, "/a-b:a-b:template.os/a/");
});
