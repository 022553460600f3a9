/** Reads tests/vectors/http_server_paths.json. */
import { assertEquals } from "@std/assert";
import vectors from "../../../tests/vectors/http_server_paths.json" with { type: "json" };
import {
  BINDINGS_PER_PROCESS_MAX,
  BOUND_PATH_CHARS_MAX,
  BOUND_PATH_SEGMENTS_MAX,
  STATIC_BYTES_PER_PACKAGE_MAX,
  STATIC_BYTES_PER_PROCESS_MAX,
} from "../../limits.ts";
import { addressOf, parseAddress, parseProcessId } from "../../protocol/address.ts";
import { StaticStore } from "./static_content.ts";
import { Bindings, formPath, type HttpBinding, ownPath } from "./bindings.ts";

const process = parseProcessId(vectors.process);
const app = addressOf("fake.dev", process);
const homepage = parseAddress("fake.dev@homepage:homepage:sys");
const us = parseAddress("fake.dev@http_server:distro:sys");

const plain: Omit<HttpBinding, "path"> = {
  app,
  boundAs: us,
  authenticated: false,
  subdomain: null,
  local_only: false,
  content: null,
  streaming: false,
};
const ws = { app, boundAs: us, authenticated: false, extension: false, subdomain: null };
const store = new StaticStore({ folder: null, log: { info: () => {}, warn: () => {} } });
const bytes = (size: number) => store.make("text/plain", new Uint8Array(size));

function boundTo(paths: string[]): Bindings {
  const bindings = new Bindings();
  for (const path of paths) {
    assertEquals(bindings.bindHttp(path, plain), null);
    assertEquals(bindings.bindWs(path, ws), null);
  }
  return bindings;
}

Deno.test("formPath() puts the process before the path", () => {
  for (const { path, formed } of vectors.formed) assertEquals(formPath(process, path), formed);
});

Deno.test("formPath() lets the homepage have any path", () => {
  const id = parseProcessId("homepage:homepage:sys");
  assertEquals(["/", "/our", "our.js", "/a/"].map((path) => formPath(id, path)), [
    "",
    "/our",
    "our.js",
    "/a",
  ]);
});

Deno.test("findHttp() answers as the table of spec/http.md §1.5", () => {
  const bindings = boundTo(vectors.bound);
  for (const { path, binding, params } of vectors.found) {
    const match = bindings.findHttp(path);
    const expected = binding === null ? undefined : formPath(process, binding);
    assertEquals(match?.value.path, expected, path);
    assertEquals<unknown>(match?.params, params, path);
  }
});

Deno.test("findWs() answers likewise, but never falls back to the base path", () => {
  const bindings = boundTo(vectors.bound);
  const root = formPath(process, "/");
  for (const { path, binding, params } of vectors.found) {
    const match = bindings.findWs(path);
    const fellBack = binding === "/" && path !== root && path !== `${root}/`;
    const expected = binding === null || fellBack ? undefined : formPath(process, binding);
    assertEquals(match?.value.path, expected, path);
    if (match !== undefined) assertEquals<unknown>(match.params, params, path);
  }
});

Deno.test("findHttp() and findWs() have a table each", () => {
  const bindings = new Bindings();
  bindings.bindHttp("/", plain);
  assertEquals(bindings.findWs("/a:b:template.os"), undefined);
  bindings.unbindHttp(app, "/");
  bindings.bindWs("/", ws);
  assertEquals(bindings.findHttp("/a:b:template.os"), undefined);
  assertEquals(bindings.findWs("/a:b:template.os")?.value.extension, false);
});

Deno.test("bindHttp() again replaces the binding", () => {
  const bindings = boundTo(["/x"]);
  bindings.bindHttp("/x/", { ...plain, authenticated: true });
  assertEquals(bindings.findHttp("/a:b:template.os/x")?.value.authenticated, true);
});

Deno.test("unbindHttp() leaves a tombstone that hides the base path and patterns", () => {
  const bindings = boundTo(["/", "/foo/:id"]);
  assertEquals(bindings.unbindHttp(app, "/foo/new"), null); // Never bound: succeeds all the same.
  assertEquals(bindings.findHttp("/a:b:template.os/foo/new"), undefined);
  assertEquals(bindings.findHttp("/a:b:template.os/foo/old")?.params, { id: "old" });
  bindings.unbindHttp(app, "/foo/:other");
  assertEquals(bindings.findHttp("/a:b:template.os/foo/old"), undefined);
  assertEquals(bindings.findHttp("/a:b:template.os/bar")?.value.path, "/a:b:template.os");
  bindings.bindHttp("/foo/new", plain);
  assertEquals(bindings.findHttp("/a:b:template.os/foo/new")?.params, {});
});

Deno.test("findHttp() serves / and unprefixed paths for the homepage, with their base fallback", () => {
  const bindings = boundTo(["/"]);
  for (const path of ["/", "/our"]) bindings.bindHttp(path, { ...plain, app: homepage });
  assertEquals(bindings.findHttp("/")?.value.path, "");
  assertEquals(bindings.findHttp("/our/deep/er")?.value.path, "/our");
  assertEquals(bindings.findHttp("/nope"), undefined);
  assertEquals(bindings.findHttp("/a:b:template.os")?.value.app, app);
});

Deno.test("ownPath() is what the process calls the path", () => {
  assertEquals(ownPath(process, "/a:b:template.os"), "/");
  assertEquals(ownPath(process, "/a:b:template.os/foo/bar"), "/foo/bar");
  assertEquals(ownPath(parseProcessId("homepage:homepage:sys"), "/our"), "/");
});

Deno.test("bindHttp() and unbindHttp() count 1,000 turns of one path once", () => {
  const bindings = new Bindings();
  for (let i = 0; i < 1_000; i++) {
    assertEquals(bindings.bindHttp("/x", { ...plain, content: bytes(1_000_000) }), null);
    assertEquals(bindings.unbindHttp(app, "/x"), null);
  }
  assertEquals(bindings.findHttp("/a:b:template.os/x"), undefined);
});

Deno.test("bindHttp() ends a loop that binds ever new paths, and leaves others alone", () => {
  const bindings = new Bindings();
  for (let i = 0; i < BINDINGS_PER_PROCESS_MAX; i++) {
    const error = i % 2 === 0 ? bindings.bindHttp(`/${i}`, plain) : bindings.unbindWs(app, `/${i}`);
    assertEquals(error, null);
  }
  assertEquals(bindings.bindHttp("/more", plain), "TooManyBindings");
  assertEquals(bindings.unbindHttp(app, "/more"), "TooManyBindings");
  assertEquals(bindings.bindWs("/more", ws), "TooManyBindings");
  assertEquals(bindings.bindHttp("/0", { ...plain, local_only: true }), null);
  assertEquals(bindings.bindHttp("/x", { ...plain, app: homepage }), null);
});

Deno.test("bindHttp() refuses paths that cost too much", () => {
  const bindings = new Bindings();
  assertEquals(bindings.bindHttp("/" + "x".repeat(BOUND_PATH_CHARS_MAX), plain), "PathTooLong");
  assertEquals(bindings.bindWs("/".repeat(100), ws), "PathTooLong");
  assertEquals(bindings.unbindHttp(app, ".".repeat(100)), "PathTooLong");
});

Deno.test("bindHttp() bounds the static content of a process and gives back what is replaced", () => {
  const bindings = new Bindings();
  const half = bytes(STATIC_BYTES_PER_PROCESS_MAX / 2);
  assertEquals(bindings.bindHttp("/1", { ...plain, content: half }), null);
  assertEquals(bindings.bindHttp("/2", { ...plain, content: half }), null);
  const one = { ...plain, content: bytes(1) };
  assertEquals(bindings.bindHttp("/3", one), "StaticContentTooLarge");
  assertEquals(bindings.findHttp("/a:b:template.os/3"), undefined);
  assertEquals(bindings.bindHttp("/2", { ...plain, content: half }), null);
  assertEquals(bindings.bindHttp("/2", plain), null);
  assertEquals(bindings.bindHttp("/3", one), null);
  assertEquals(bindings.unbindHttp(app, "/1"), null);
  assertEquals(bindings.bindHttp("/2", { ...plain, content: half }), null);
});

/** A process's children have its package; each of them might bind as much as it, and leave it behind. */
const childOf = (name: string) => addressOf("fake.dev", parseProcessId(`${name}:b:template.os`));

Deno.test("bindHttp() bounds what all processes of a package bind, however many it spawns", () => {
  const bindings = new Bindings();
  const deep = (i: number) => `/${i}${"/x".repeat(BOUND_PATH_SEGMENTS_MAX - 4)}`;
  let bound = 0;
  for (let child = 0; child < 10; child++) {
    for (let i = 0; i < 1_000; i++) {
      if (bindings.bindHttp(deep(i), { ...plain, app: childOf(`c${child}`) }) === null) bound++;
    }
  }
  assertEquals(bound > 1_000 && bound < 2_000, true, `${bound}`);
  assertEquals(bindings.bindWs("/x", { ...ws, app: childOf("d") }), null);
  assertEquals(bindings.unbindHttp(childOf("d"), deep(0)), "TooManyBindings");
  const stranger = parseAddress("fake.dev@a:other:template.os");
  assertEquals(bindings.bindHttp(deep(0), { ...plain, app: stranger }), null);
});

Deno.test("bindHttp() bounds the static content of a package and gives back what is replaced", () => {
  const bindings = new Bindings();
  const most = { ...plain, content: bytes(STATIC_BYTES_PER_PROCESS_MAX) };
  const processes = STATIC_BYTES_PER_PACKAGE_MAX / STATIC_BYTES_PER_PROCESS_MAX;
  for (let i = 0; i < processes; i++) {
    assertEquals(bindings.bindHttp("/x", { ...most, app: childOf(`c${i}`) }), null);
  }
  const one = { ...plain, app: childOf("d"), content: bytes(1) };
  assertEquals(bindings.bindHttp("/x", one), "StaticContentTooLarge");
  assertEquals(bindings.bindHttp("/x", { ...most, app: childOf("c0") }), null);
  assertEquals(bindings.unbindHttp(childOf("c0"), "/x"), null);
  assertEquals(bindings.bindHttp("/x", one), null);
});
