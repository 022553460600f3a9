/** Answers every HTTP request with the request's own body as the head of its response: let clients try. */
import { awaitMessage, http, println, Response } from "@kinode/process";

export async function init() {
  await http.bindHttpPath("/");
  println("bound");
  while (true) {
    const message = await awaitMessage();
    if (message.blob === null) continue;
    Response.to(message).body(message.blob.bytes).blob({ bytes: "a body" }).send();
  }
}
