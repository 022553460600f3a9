/** Text is UTF-8: what an old editor wrote otherwise would run with other letters than its author sees. */
import type { Refusal, Source } from "./sources.ts";

/** What is wrong with the bytes of a text, and where; `null`: nothing. */
export function notUtf8({ path, bytes }: Source): Refusal | null {
  if (isUtf8(bytes)) return null;
  const hint = "save it as UTF-8";
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { text: `${path} is UTF-16`, hint };
  }
  // The longest beginning that is good, but for a character that it may cut off.
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  const line = bytes.subarray(0, good).reduce((lines, byte) => byte === 10 ? lines + 1 : lines, 1);
  return { text: `${path} is not UTF-8, at line ${line}`, hint };
}

function isUtf8(bytes: Uint8Array<ArrayBuffer>, isBeginning = false): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isBeginning });
    return true;
  } catch {
    return false;
  }
}
