/** IP addresses and networks as numbers: of IPv4 the mapped IPv6 address, so that `::ffff:10.1.2.3` is 10.1.2.3. */

/** 128 bits. */
export type IpAddress = bigint;

export interface Network {
  address: IpAddress;
  /** Of the 128. */
  prefixBits: number;
}

const MAPPED = 0xffff_0000_0000n;

/** `null` for what is no address; `fe80::1%eth0` is one, whatever the interface. */
export function tryParseAddress(text: string): IpAddress | null {
  const v4 = tryParseV4(text);
  if (v4 !== null) return mapped(v4);
  return text.includes(":") ? tryParseV6(text.split("%", 1)[0]!) : null;
}

/** `10.0.0.0/8`, or one address; `null` for what is neither. */
export function tryParseNetwork(text: string): Network | null {
  const [name, bits, ...more] = text.split("/");
  const address = tryParseAddress(name!);
  const width = name!.includes(":") ? 128 : 32;
  const wanted = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity;
  if (address === null || more.length > 0 || wanted > width) return null;
  return { address, prefixBits: 128 - width + wanted };
}

export function isWithin(address: IpAddress, { address: network, prefixBits }: Network): boolean {
  const shift = BigInt(128 - prefixBits);
  return address >> shift === network >> shift;
}

/** 32 bits as an address. */
export function mapped(v4: bigint): IpAddress {
  return MAPPED | v4;
}

export function isV4(address: IpAddress): boolean {
  return address >> 32n === 0xffffn;
}

function tryParseV4(text: string): bigint | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const parts = match.slice(1).map(Number);
  if (parts.some((part) => part > 255)) return null;
  return parts.reduce((sum, part) => sum << 8n | BigInt(part), 0n);
}

function tryParseV6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [before, after] = halves.map(tryParseGroups);
  if (before === null || before === undefined || after === null) return null;
  const missing = 8 - before.length - (after?.length ?? 0);
  if (after === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...new Array<bigint>(missing).fill(0n), ...(after ?? [])];
  return groups.reduce((sum, group) => sum << 16n | group, 0n);
}

/** `2001:db8`, or with the last 32 bits as IPv4. */
function tryParseGroups(text: string): bigint[] | null {
  if (text === "") return [];
  const groups: bigint[] = [];
  const words = text.split(":");
  for (const [i, word] of words.entries()) {
    const v4 = i === words.length - 1 ? tryParseV4(word) : null;
    if (v4 !== null) groups.push(v4 >> 16n, v4 & 0xffffn);
    else if (/^[\da-fA-F]{1,4}$/.test(word)) groups.push(BigInt(`0x${word}`));
    else return null;
  }
  return groups;
}
