/**
 * Is SQLite's write-ahead log whole? SQLite itself takes the first frame with a wrong checksum for the end of the
 * log and drops what follows without a word: right after a power cut, when only the last transaction can be
 * half there, but a damaged middle would cost acknowledged states. So this looks behind the first wrong frame.
 * (Damage to the last transactions alone cannot be told from a power cut; the log is tidied away each quiet second.)
 * The format: https://sqlite.org/fileformat2.html#the_write_ahead_log
 */
const HEADER_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const MAGIC = 0x377f0682;
const VERSION = 3007000;

/** Two running sums; each frame's goes on from that of the frame before it. */
type Sums = [number, number];

interface Head {
  littleEndian: boolean;
  pageBytes: number;
  sums: Sums;
}

/** What is wrong with the log at `path`, or null. Reads only. */
export function findWalDamage(path: string): string | null {
  using file = Deno.openSync(path);
  const size = file.statSync().size;
  // Its header is on the disk before the first frame is written, so a log this short never held anything.
  if (size < HEADER_BYTES + FRAME_HEAD_BYTES + 512) return null;
  const headBytes = read(file, HEADER_BYTES);
  const head = parseHead(headBytes);
  if (head === null) return "its header is not that of a write-ahead log";
  const salts = headBytes.slice(16, 24);
  const frames = Math.floor((size - HEADER_BYTES) / (FRAME_HEAD_BYTES + head.pageBytes));
  return walk(file, frames, head, salts);
}

/**
 * Every transaction is on the disk before the next one is written. So when a frame is wrong, and behind it a
 * transaction ends and another one goes on from it, then the wrong frame was right once. One that is merely
 * the rest of an unfinished or of an older transaction is followed by no such pair.
 */
function walk(file: Deno.FsFile, frames: number, head: Head, salts: Uint8Array): string | null {
  let sums = head.sums;
  let wrong: number | null = null;
  let ended = false;
  for (let i = 1; i <= frames; i++) {
    const frame = read(file, FRAME_HEAD_BYTES + head.pageBytes);
    const view = new DataView(frame.buffer);
    const stored: Sums = [view.getUint32(16), view.getUint32(20)];
    const right = salts.every((byte, at) => frame[8 + at] === byte) &&
      equal(stored, sumFrame(view, head.littleEndian, sums));
    if (right && ended) return `its frame ${wrong} is damaged, and frames behind it are not`;
    if (!right) wrong ??= i;
    ended = wrong !== null && right && view.getUint32(4) !== 0;
    sums = stored;
  }
  return null;
}

function parseHead(bytes: Uint8Array<ArrayBuffer>): Head | null {
  const view = new DataView(bytes.buffer);
  const magic = view.getUint32(0);
  const littleEndian = magic === MAGIC;
  const pageBytes = view.getUint32(8);
  if ((magic | 1) !== (MAGIC | 1) || view.getUint32(4) !== VERSION) return null;
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return null;
  const sums = sum(view, 0, 24, littleEndian, [0, 0]);
  return equal(sums, [view.getUint32(24), view.getUint32(28)])
    ? { littleEndian, pageBytes, sums }
    : null;
}

/** Over the first 8 bytes of the frame's head, and over its page. */
function sumFrame(view: DataView, littleEndian: boolean, before: Sums): Sums {
  const sums = sum(view, 0, 8, littleEndian, before);
  return sum(view, FRAME_HEAD_BYTES, view.byteLength, littleEndian, sums);
}

function sum(view: DataView, from: number, to: number, littleEndian: boolean, before: Sums): Sums {
  let [a, b] = before;
  for (let at = from; at < to; at += 8) {
    a = (a + view.getUint32(at, littleEndian) + b) >>> 0;
    b = (b + view.getUint32(at + 4, littleEndian) + a) >>> 0;
  }
  return [a, b];
}

function equal(left: Sums, right: Sums): boolean {
  return left[0] === right[0] && left[1] === right[1];
}

function read(file: Deno.FsFile, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) throw new Error("the file became shorter while it was read");
    at += count;
  }
  return bytes;
}
