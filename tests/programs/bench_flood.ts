/** Does one thing without end, as fast as it can; which one is in the name that it was dropped under. */
import { our, println, Request, setState } from "@kinode/process";

/** As soon as it fails it is over. */
export const config = {
  on_exit: "None",
  request_capabilities: ["silent:silent:template.os"],
};

const SERVER = "http://127.0.0.1:0/";
const AT_ONCE = 100_000;

const send = () => Request.to("our@silent:silent:template.os").body("flood").send();
const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function fetchAgain(): Promise<void> {
  for (;;) await (await fetch(SERVER)).text();
}

const floods: Record<string, () => Promise<void>> = {
  async flood_sends() {
    for (;; await null) send();
  },
  async flood_sends_at_once() {
    for (;; await nextTurn()) {
      for (let i = 0; i < AT_ONCE; i++) send();
    }
  },
  async flood_prints() {
    // One that never lets go of its turn is an endless loop, and another's business.
    for (let i = 1;; i++) {
      println("flood");
      if (i % 1000 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
  },
  async flood_calls() {
    for (let i = 0;; i++) await setState(String(i));
  },
  flood_fetches: fetchAgain,
  flood_fetches_at_once: fetchAgain,
};

/** Once where there is no number. */
const loops: Record<string, number> = {
  flood_calls: 64,
  flood_fetches: 64,
  flood_fetches_at_once: 1_000,
};

export async function init() {
  const { process } = our();
  const name = process.split(":")[0]!;
  println(`${process} begins`);
  await nextTurn();
  await Promise.all(Array.from({ length: loops[name] ?? 1 }, floods[name]!));
}
