/** Reads tests/vectors/http_client.json, which the black-box tests read too. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import vectors from "../../tests/vectors/http_client.json" with { type: "json" };
import {
  errors,
  errorsEraA,
  errorText,
  errorTextEraA,
  HttpClientAction,
  HttpClientError,
  HttpClientErrorEraA,
  HttpClientRequest,
  HttpClientResult,
  HttpClientResultEraA,
  toEraA,
} from "./http_client.ts";
import { decodeJson } from "./serde.ts";

Deno.test("HttpClientAction() reads every action as it stands on the wire", () => {
  for (const action of vectors.actions) {
    assertEquals<unknown>(HttpClientAction(action, "body"), action);
  }
  for (const { json, value } of vectors.readAs) {
    assertEquals<unknown>(HttpClientAction(json, "body"), value);
  }
});

Deno.test("HttpClientAction() names the place where a body is not an action", () => {
  for (const { text, error } of vectors.notActions) {
    const thrown = assertThrows(
      () => decodeJson(text, HttpClientAction),
      TypeError,
      undefined,
      text,
    );
    assertStringIncludes(thrown.message, error);
  }
});

Deno.test("HttpClientRequest() reads the events of a WebSocket", () => {
  for (const event of vectors.events) {
    assertEquals<unknown>(HttpClientRequest(event, "body"), event);
  }
});

Deno.test("HttpClientResult() reads replies", () => {
  for (const result of vectors.results) {
    assertEquals<unknown>(HttpClientResult(result, "body"), result);
  }
});

Deno.test("toEraA() and the texts give both eras' words for every error", () => {
  for (const { request, eraB, text, eraA, textEraA } of vectors.errors) {
    const error = HttpClientError(eraB, "Err");
    assertEquals(error, eraB as HttpClientError);
    assertEquals(errorText(error), text);
    assertEquals(toEraA(error, request), eraA as HttpClientErrorEraA);
    assertEquals(errorTextEraA(HttpClientErrorEraA(eraA, "Err")), textEraA);
    assertEquals(
      HttpClientResultEraA({ Err: eraA }, "body"),
      { Err: eraA as HttpClientErrorEraA },
    );
  }
});

Deno.test("the vectors leave out no error of either era", () => {
  const names = (values: unknown[]) =>
    new Set(
      values.map((value) => typeof value === "string" ? value : Object.keys(value as object)[0]),
    );
  assertEquals(names(vectors.errors.map((e) => e.eraB)), new Set(Object.keys(errors)));
  assertEquals(names(vectors.errors.map((e) => e.eraA)), new Set(Object.keys(errorsEraA)));
});
