/** Answers what it is sent, and else does nothing. */
import { awaitMessage, Response } from "@kinode/process";

export async function init() {
  while (true) Response.to(await awaitMessage()).body("here").send();
}
