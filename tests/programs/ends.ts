/** Serves its path for one request, and ends for good. */
import { awaitMessage, http, println } from "@kinode/process";

export const config = { on_exit: "None" };

export async function init() {
  await http.bindHttpPath("/");
  println("bound");
  await awaitMessage();
  http.sendResponse(200, null, "the only answer");
}
