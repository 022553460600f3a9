// Threat: a script that replaces what the library and the runtime use, to see another's data, to get at its port, or
// to send what it may not. It may break itself, and nothing else. It says what it could see and send.
import { println, Request } from "@kinode/process";

export const config = { on_exit: "None" };

const seen: string[] = [];
const note = (what: string, value: unknown) => {
  if (value instanceof MessagePort) seen.push(`${what} was shown a port`);
};
const { apply } = Reflect;

/** Every method of these notes its `this` and its arguments. */
const targets: [string, object][] = [
  ["Array", Array.prototype],
  ["Map", Map.prototype],
  ["Set", Set.prototype],
  ["Promise", Promise.prototype],
  ["JSON", JSON],
  ["Object", Object],
  ["EventTarget", EventTarget.prototype],
  ["MessagePort", MessagePort.prototype],
  ["MessageEvent", MessageEvent.prototype],
  ["Event", Event.prototype],
  ["TextEncoder", TextEncoder.prototype],
  ["Iterator", Object.getPrototypeOf([][Symbol.iterator]())],
  ["String", String.prototype],
  ["BigInt", BigInt.prototype],
  ["global", globalThis],
];

function poison(name: string, target: object): void {
  for (const key of Reflect.ownKeys(target)) {
    const member = Object.getOwnPropertyDescriptor(target, key)!;
    if (!member.configurable || key === "constructor" || key === "Reflect") continue;
    const changed = { ...member };
    for (const part of ["value", "get", "set"] as const) {
      const native = member[part] as unknown;
      if (typeof native !== "function" || native.prototype !== undefined) continue;
      changed[part] = function (this: unknown, ...given: unknown[]) {
        note(`${name}.${String(key)}`, this);
        for (let i = 0; i < given.length; i++) note(`${name}.${String(key)}`, given[i]);
        return apply(native as never, this, given);
      };
    }
    Object.defineProperty(target, key, changed);
  }
}

export async function init() {
  for (const [name, target] of targets) poison(name, target);
  const answer = await Request.to("our@nobody:nobody:template.os").body("x")
    .sendAndAwaitResponse(1).catch((error) => error.reason);
  println(`still told: ${answer}`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  // Whatever is pushed, iterated or stringified on the way out is bent towards another's name.
  const { push } = Array.prototype;
  Array.prototype.push = function (...given: unknown[]) {
    for (const frame of given) {
      if (Array.isArray(frame) && frame.length > 10) {
        frame[2] = "fake.dev@victim:victim:template.os";
      }
    }
    return apply(push, this, given);
  };
  Request.to("our@poisons:poisons:template.os").body("to itself").send();
  println(seen.length === 0 ? "saw no port" : `SAW ${seen.join(", ")}`);
  JSON.parse = () => ({});
  JSON.stringify = () => "{}";
  Promise.prototype.then = () => new Promise(() => {});
  Map.prototype.get = () => undefined;
  Map.prototype.set = () => new Map();
  println("has broken itself");
}
