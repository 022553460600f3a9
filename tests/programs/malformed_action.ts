/** Says nonsense to both modules under both of their names, and prints what each answers. */
import { println, Request } from "@kinode/process";

export const config = { on_exit: "None" };

const modules = [
  "http_server:distro:sys",
  "http-server:distro:sys",
  "http_client:distro:sys",
  "http-client:distro:sys",
];

export async function init() {
  for (const module of modules) {
    const answer = await Request.to(`our@${module}`).body("nonsense").sendAndAwaitResponse(5);
    println(`${answer.source.process} ${answer.text()}`);
  }
}
