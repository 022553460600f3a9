/** Reads tests/vectors/http_server.json, which the black-box tests read too. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import vectors from "../../tests/vectors/http_server.json" with { type: "json" };
import {
  actions,
  type ErrorDetail,
  errors,
  errorsEraA,
  errorText,
  errorTextEraA,
  HttpResponse,
  HttpServerAction,
  HttpServerError,
  HttpServerErrorEraA,
  HttpServerRequest,
  HttpServerResult,
  HttpServerResultEraA,
  requests,
  toEraA,
} from "./http_server.ts";
import { decodeJson, type Decoder } from "./serde.ts";

const keyOf = (value: unknown) =>
  typeof value === "string" ? value : Object.keys(value as object)[0]!;

function assertRefused(cases: { text: string; error: string }[], decoder: Decoder<unknown>): void {
  for (const { text, error } of cases) {
    const thrown = assertThrows(() => decodeJson(text, decoder), TypeError, undefined, text);
    assertStringIncludes(thrown.message, error);
  }
}

Deno.test("HttpServerAction() reads every action as it stands on the wire", () => {
  for (const action of vectors.actions) {
    assertEquals<unknown>(HttpServerAction(action, "body"), action);
  }
});

Deno.test("HttpServerAction() reads era A's binds and drops `encrypted`", () => {
  for (const { json, value } of vectors.eraAActions) {
    assertEquals<unknown>(HttpServerAction(json, "body"), value);
  }
});

Deno.test("HttpServerAction() names the place where a body is not an action", () => {
  assertRefused(vectors.notActions, HttpServerAction);
});

Deno.test("HttpServerAction() reads the envelope of an extension, with ids over 2^53", () => {
  const envelope = { id: 2n ** 64n - 1n, kinode_message_type: "Response", blob: [0, 255] };
  assertEquals<unknown>(HttpServerAction({ WebSocketExtPushData: envelope }, "body"), {
    WebSocketExtPushData: { ...envelope, blob: new Uint8Array([0, 255]) },
  });
  const beyond = { WebSocketExtPushData: { ...envelope, id: 2n ** 64n } };
  assertThrows(() => HttpServerAction(beyond, "body"), TypeError, "id");
});

Deno.test("HttpServerAction() reads the ids of streams, which JSON's numbers cannot hold", () => {
  for (const { json, request } of vectors.streamActions) {
    const [payload] = Object.values(HttpServerAction(json, "body"));
    assertEquals((payload as { request: bigint }).request, BigInt(request));
  }
});

Deno.test("HttpServerRequest() reads what the module sends a process", () => {
  for (const json of vectors.requests) {
    assertEquals<unknown>(HttpServerRequest(json, "body"), json);
  }
});

Deno.test("HttpServerRequest() reads what Kinode sends, which has no path_and_query", () => {
  const { path_and_query: _, ...kinodes } = vectors.requests[0]!.Http!;
  const read = HttpServerRequest({ Http: kinodes }, "body");
  assertEquals<unknown>(read, { Http: { ...kinodes, path_and_query: null } });
});

Deno.test("HttpResponse() needs a u16 status and headers of one or more strings", () => {
  for (const json of vectors.responses) assertEquals<unknown>(HttpResponse(json, "body"), json);
  assertRefused(vectors.notResponses, HttpResponse);
});

Deno.test("HttpServerResult() reads the answers to actions", () => {
  for (const json of vectors.results) {
    assertEquals<unknown>(HttpServerResult(json, "body"), json);
  }
  assertEquals(HttpServerResult({ Ok: null }, "body"), "Ok");
});

Deno.test("toEraA() and the texts give both eras' words for every error", () => {
  for (const { eraB, text, detail, eraA, textEraA } of vectors.errors) {
    const error = HttpServerError(eraB, "Err");
    assertEquals(errorText(error), text);
    assertEquals(toEraA(error, detail as ErrorDetail), eraA as HttpServerErrorEraA);
    assertEquals(errorTextEraA(HttpServerErrorEraA(eraA, "Err")), textEraA);
    assertEquals<unknown>(HttpServerResultEraA({ Err: eraA }, "body"), { Err: eraA });
  }
});

Deno.test("the vectors leave out no word of the protocol", () => {
  const inJson = Object.keys(actions).filter((name) => name !== "WebSocketExtPushData");
  const known = [...vectors.actions, ...vectors.streamActions.map(({ json }) => json)];
  assertEquals(new Set(known.map(keyOf)), new Set(inJson));
  assertEquals(new Set(vectors.requests.map(keyOf)), new Set(Object.keys(requests)));
  assertEquals(new Set(vectors.errors.map((e) => e.eraB)), new Set(Object.keys(errors)));
  assertEquals(new Set(vectors.errors.map((e) => keyOf(e.eraA))), new Set(Object.keys(errorsEraA)));
});
