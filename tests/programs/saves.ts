/** Keeps one numbered state after another, and prints each number when it is kept; first, what it finds. */
import { getState, println, setState } from "@kinode/process";

/** Mostly small, at times larger than what a database holds in memory. */
function toState(number: number): Uint8Array {
  const state = new Uint8Array(4 + (number % 50 === 0 ? 3_000_000 : (number % 97) * 500));
  state.fill(number);
  new DataView(state.buffer).setUint32(0, number);
  return state;
}

function readNumber(state: Uint8Array | null): number {
  if (state === null) return 0;
  const number = new DataView(state.buffer, state.byteOffset).getUint32(0);
  const whole = toState(number);
  const torn = state.length !== whole.length || state.some((byte, at) => byte !== whole[at]);
  return torn ? NaN : number;
}

export async function init() {
  let number = readNumber(await getState());
  println(`found ${number}`);
  while (number >= 0) {
    await setState(toState(++number));
    println(`saved ${number}`);
  }
}
