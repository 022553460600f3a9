/** Ends as it is told: `{ on_exit, how: "return" | "throw" }`. */
import { awaitMessage, type OnExit, println, setOnExit } from "@kinode/process";

export const config = { public: true };

export async function init() {
  println("alive");
  const { on_exit, how } = (await awaitMessage()).json<{ on_exit: OnExit; how: string }>();
  await setOnExit(on_exit);
  if (how === "throw") throw new Error("told to throw");
}
