/** Everybody's partner: does what the body says, which is JSON: a word, or `{ word: payload }`. */
import { awaitMessage, Capability, type Message, our, println, Response } from "@kinode/process";

export const config = { public: true, on_exit: "None" };

const held: Message[] = [];
const answer = (to: Message, text: string) => Response.to(to).body(text).send();

const words: Record<string, (message: Message, payload: never) => unknown> = {
  echo: (message) => Response.to(message).body(message.body).inherit(true).send(),
  twice: (message) => ["first", "second"].forEach((text) => answer(message, text)),
  hold: (message) => held.push(message),
  release(message) {
    for (const one of held.splice(0)) answer(one, "late");
    answer(message, "released");
  },
  crash: () => {
    throw new Error("told to crash");
  },
  print: (message, text: string) => println(`${message.source.processName} says ${text}`),
  /** Its own capability of these params, and one that it makes up in the name of another. */
  give(message, params: unknown) {
    const forged = new Capability("other.dev@answers:answers:template.os", params);
    const capabilities = [new Capability(our(), params), forged];
    Response.to(message).body("given").capabilities(capabilities).send();
  },
  show: (message) => answer(message, JSON.stringify(message.capabilities)),
};

export async function init() {
  println("ready");
  while (true) {
    const message = await awaitMessage();
    const json = message.json<string | Record<string, never>>();
    const [word, payload] = typeof json === "string" ? [json] : Object.entries(json)[0]!;
    words[word!]!(message, payload as never);
  }
}
