/** Parses what is no address, and prints which fault it has; then uses `our@` wherever an address may stand. */
import {
  Address,
  canMessage,
  Capability,
  our,
  println,
  Request,
  type SendError,
} from "@kinode/process";

export const config = { on_exit: "None" };

const texts = [
  "a@b@c:d:e",
  "a:b:c",
  "@a:b:c",
  "n@a:b",
  "n@a::c",
  "n@a:b:c:d",
  "n@A:b:c",
  "n@a:b.b:c",
  "n@a:b:c!",
  "N@a:b:c",
];

export async function init(text: string) {
  for (const wrong of texts) {
    try {
      println(`${wrong} is ${Address.parse(wrong)}`);
    } catch (error) {
      const { fault, message } = error as Error & { fault: string };
      println(`${wrong} ${error instanceof SyntaxError} ${fault} | ${message}`);
    }
  }
  const me = `our@${our().process}`;
  println(`init and our() agree: ${text === String(our())}`);
  println(`Address: ${Address.parse(me)}`);
  println(`Capability: ${new Capability(me, 1).issuer}`);
  println(`canMessage: ${await canMessage(me)}`);
  const error = await Request.to("our@nobody:nobody:sys").body("").sendAndAwaitResponse(5)
    .catch((error: unknown) => error);
  println(`Request: ${(error as SendError).target}`);
}
