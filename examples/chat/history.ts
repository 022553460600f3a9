/** Keeps the last lines, through restarts of itself and of the node. Only chat.ts may message it. */
import { awaitMessage, getState, Response, setState } from "@kinode/process";
import { type Lines, LINES_MAX, type ToHistory } from "./words.ts";

export async function init() {
  const bytes = await getState();
  let lines: Lines = bytes === null ? [] : JSON.parse(new TextDecoder().decode(bytes));
  while (true) {
    const message = await awaitMessage();
    const question = message.json<ToHistory>();
    if (question !== "All") {
      lines = [...lines, question.Add].slice(-LINES_MAX);
      await setState(JSON.stringify(lines));
    }
    Response.to(message).body(JSON.stringify(lines)).send();
  }
}
