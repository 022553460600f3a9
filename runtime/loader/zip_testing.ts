/** Zip files for the tests beside this file, also such as no honest tool makes. */
import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";

export interface Zipped {
  name: string;
  bytes?: Uint8Array | string;
  /** Of Unix; a link is 0o120777. */
  mode?: number;
  /** Said in both headers in place of the true one. */
  size?: number;
  /** The same. */
  crc?: number;
  encrypted?: boolean;
}

const UTF8 = 0x800;

/** A zip file of these entries, deflated, in this order. */
export function zipOf(entries: Zipped[]): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const bytes = Buffer.from(entry.bytes as string ?? "");
    const packed = deflateRawSync(bytes);
    // Version, flags, method 8, time and date, CRC, sizes, length of the name and of nothing else.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(UTF8 | (entry.encrypted ? 1 : 0), 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(entry.crc ?? crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(entry.size ?? bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, name, packed]);
    const more = Buffer.alloc(14);
    more.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    more.writeUInt32LE(at, 10);
    // "Made by": 3 is Unix.
    const head = Buffer.from([0x50, 0x4b, 0x01, 0x02, 20, 3]);
    directory.push(Buffer.concat([head, common, more, name]));
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...parts, central, end]));
}

/** A zip file of honest files. */
export function zipFiles(files: Record<string, string>): Uint8Array<ArrayBuffer> {
  return zipOf(Object.entries(files).map(([name, bytes]) => ({ name, bytes })));
}
