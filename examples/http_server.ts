/**
 * Serves HTTP: answers a PUT and prints its body.
 *
 *   Drop this file into the node's processes folder, then:
 *   curl -X PUT -d '{"Hello": "greetings"}' http://localhost:8080/http_server:http_server:template.os
 */
import { awaitMessage, getBlob, http, type Message, println } from "@kinode/process";

export async function init() {
  println("begin");
  await http.bindHttpPath("/", false, false);

  while (true) {
    const message = await awaitMessage().catch(() => println("got send error!"));
    if (message?.source.process !== "http_server:distro:sys") continue;
    handleHttpMessage(message);
  }
}

function handleHttpMessage(message: Message): void {
  let request: http.HttpServerRequest;
  try {
    request = http.HttpServerRequest.parse(message);
  } catch {
    return println("received a message with weird `body`!");
  }
  if (!("Http" in request)) return println("received a WebSocket message, skipping");
  if (request.Http.method !== "PUT") return println("received a non-PUT HTTP request, skipping");
  const body = getBlob();
  if (body === null) return println("received a PUT HTTP request with no body, skipping");

  http.sendResponse(200, null, "");
  println(debugJson(new TextDecoder().decode(body.bytes)));
}

/** The text read as JSON, printed as Kinode prints it: `Ok(Object {"Hello": String("greetings")})`. */
function debugJson(text: string): string {
  try {
    return `Ok(${debug(JSON.parse(text))})`;
  } catch (error) {
    return `Err(Error(${whyNoJson(text, error as Error)}))`;
  }
}

function debug(value: unknown): string {
  if (value === null) return "Null";
  if (typeof value === "boolean") return `Bool(${value})`;
  if (typeof value === "number") return `Number(${value})`;
  if (typeof value === "string") return `String(${JSON.stringify(value)})`;
  if (Array.isArray(value)) return `Array [${value.map(debug).join(", ")}]`;
  const fields = Object.entries(value as object);
  return `Object {${fields.map(([k, v]) => `${JSON.stringify(k)}: ${debug(v)}`).join(", ")}}`;
}

/** Kinode's words for a text that is empty or does not begin as JSON; for all else this language's own. */
function whyNoJson(text: string, error: Error): string {
  const space = /^[ \t\r\n]*/.exec(text)![0];
  const line = space.split("\n").length;
  const column = space.length - (space.lastIndexOf("\n") + 1);
  if (space === text) {
    return `"EOF while parsing a value", line: ${line}, column: ${column}`;
  }
  if (!/["{[\-\dtfn]/.test(text[space.length]!)) {
    return `"expected value", line: ${line}, column: ${column + 1}`;
  }
  return JSON.stringify(error.message);
}
