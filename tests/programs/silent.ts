/** Binds its path and never answers what comes. */
import { awaitMessage, http, println } from "@kinode/process";

export async function init() {
  await http.bindHttpPath("/");
  println("bound");
  while (true) await awaitMessage();
}
