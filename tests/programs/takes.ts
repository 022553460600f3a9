// No script of a node: a plain program, which takes of the machine what its argument names. Beside it the kill matrix
// measures what the machine itself does to others (hostile/baseline.ts). It is ended, or ends after a minute, should
// whoever started it be gone.
const MB = 1024 * 1024;
const isOver = () => performance.now() > 60_000;
const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));

const takes: Record<string, () => unknown> = {
  core() {
    while (!isOver());
  },
  async memory() {
    const kept: Uint8Array[] = [];
    for (let i = 0; !isOver(); i = (i + 1) % 32) {
      kept[i] = new Uint8Array(16 * MB).fill(1);
      await nextTurn();
    }
  },
};

console.log("begins");
await nextTurn();
await takes[Deno.args[0]!]!();
