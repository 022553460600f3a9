// Threat: a script that posts to the kernel itself, past the library. Deno 2.4 knows a port by a number, which it shows on
// every port, and takes another's for it; newer ones show none. What is posted is in the name that it was dropped under.
import { our, println } from "@kinode/process";

export const config = { on_exit: "None" };

const victim = "fake.dev@victim:victim:template.os";
const request = (source: string): unknown[] => [
  ...["Request", 1n, source, "our@victim:victim:template.os", null, false, null, "forged"],
  ...[null, null, null, null, null],
];

const ways: Record<string, () => unknown[]> = {
  no_list: () => ["junk"],
  no_frames: () => [[[], 1, null, {}]],
  no_message: () => [[[], ["Request", "1", 2, 3]]],
  many_frames: () => [[[], ...new Array(10_000).fill(["Print", 0, "x"])]],
  holes: () => [new Array(2 ** 32 - 1)],
  done_before: () => [[[0, 1, 2, 3]]],
  credit: () => [[[], ["Wait", 1_000_000]]],
  floods: () => new Array(10_000).fill([[], ["Print", 3, "x"]]),
  loaded_twice: () => [[[], ["Loaded", true]]],
  shares: () => {
    const bytes = new Uint8Array(4 * 1024 * 1024);
    const sent = request(victim).with(7, bytes);
    return [[[], ["Call", 1, { SetState: bytes }], sent, ["Call", 2, { SetState: bytes }], sent]];
  },
  forges: () => [[[], request(victim)]],
};

/** Every port that there may be, by its number: the kernel's is among them. */
function post(posts: unknown[], symbol: symbol): void {
  for (let id = 0; id < 12; id++) {
    const { port1 } = new MessageChannel();
    (port1 as unknown as Record<symbol, number>)[symbol] = id;
    try {
      for (let at = 0; at < posts.length; at++) port1.postMessage(posts[at]);
    } catch { /* No port has this number. */ }
  }
}

export async function init() {
  const symbol = Object.getOwnPropertySymbols(new MessageChannel().port1)
    .find(({ description }) => description === "id");
  if (symbol === undefined) return println("ports have no numbers");
  println("posts");
  post(ways[our().processName]!(), symbol);
  await new Promise(() => {});
}
