/**
 * Names: `process:package:publisher` (ProcessId) and `node@process:package:publisher` (Address). They are
 * branded strings, parsed once at the edge and only compared afterwards. Two generations of Kinode name the
 * modules differently (`http_server` until 0.9, `http-server` since 1.0); both are understood, and this file
 * is the only place that knows the older one.
 */

declare const processIdBrand: unique symbol;
declare const addressBrand: unique symbol;
export type ProcessId = string & { readonly [processIdBrand]: true };
export type Address = string & { readonly [addressBrand]: true };

/** Kinode's own variant names (lib/src/core.rs:427). */
export type AddressFault =
  | "TooManyAts"
  | "TooManyColons"
  | "MissingNodeId"
  | "MissingField"
  | "ProcessNameNotKimapSafe"
  | "PackageNameNotKimapSafe"
  | "PublisherNodeNotKimapSafe"
  | "NodeNotKimapSafe";

export class AddressParseError extends SyntaxError {
  override name = "AddressParseError";
  constructor(readonly fault: AddressFault, message: string) {
    super(message);
  }
}

const NAME_CHARS_MAX = 128;

/** Parses `process:package:publisher`, e.g. `chat:chat:template.os`. */
export function parseProcessId(text: string): ProcessId {
  const parts = text.split(":");
  if (parts.length > 3) {
    throw fault(
      "TooManyColons",
      text,
      "a process id is `process:package:publisher`, with two colons",
    );
  }
  if (parts.length < 3 || parts.some((part) => part === "")) {
    throw fault(
      "MissingField",
      text,
      "a process id is `process:package:publisher`, none of them empty",
    );
  }
  checkName("ProcessNameNotKimapSafe", "process name", parts[0]!, false, text);
  checkName("PackageNameNotKimapSafe", "package name", parts[1]!, false, text);
  checkName("PublisherNodeNotKimapSafe", "publisher", parts[2]!, true, text);
  return text as ProcessId;
}

/** Parses `node@process:package:publisher`; the node part may be the word `our`. */
export function parseAddress(text: string): Address {
  const at = text.indexOf("@");
  if (at <= 0) {
    throw fault(
      "MissingNodeId",
      text,
      "an address is `node@process:package:publisher`; `our@` names this node",
    );
  }
  if (text.indexOf("@", at + 1) !== -1) throw fault("TooManyAts", text, "an address has one `@`");
  checkName("NodeNotKimapSafe", "node", text.slice(0, at), true, text);
  parseProcessId(text.slice(at + 1));
  return text as Address;
}

/** A node name such as `fake.dev`. */
export function parseNodeName(text: string): string {
  if (text === "") throw fault("MissingNodeId", text, "a node name is not empty");
  checkName("NodeNotKimapSafe", "node", text, true, text);
  return text;
}

export function addressOf(node: string, process: ProcessId): Address {
  return `${node}@${process}` as Address;
}

export function processOf(address: Address): ProcessId {
  return address.slice(address.indexOf("@") + 1) as ProcessId;
}

export function nodeOf(address: Address): string {
  return address.slice(0, address.indexOf("@"));
}

/** `package:publisher` of a process: what Kinode prefixes a print with. */
export function packageOf(process: ProcessId): string {
  return process.slice(process.indexOf(":") + 1);
}

const olderNames: ReadonlyMap<string, string> = new Map([
  ["http_server:distro:sys", "http-server:distro:sys"],
  ["http_client:distro:sys", "http-client:distro:sys"],
  ["fd_manager:distro:sys", "fd-manager:distro:sys"],
]);

/** The one name under which the kernel keeps a process: the 1.0 name of a module, any other id unchanged. */
export function canonical(process: ProcessId): ProcessId {
  return (olderNames.get(process) ?? process) as ProcessId;
}

/** Every name that a module answers to, the canonical one first. */
export function namesOf(module: ProcessId): ProcessId[] {
  const older = [...olderNames].filter(([, newer]) => newer === module).map(([old]) =>
    old as ProcessId
  );
  return [module, ...older];
}

/** Whether a message to this address was written for Kinode 0.9 or older, and wants that era's error shapes. */
export function speaksEraA(address: Address): boolean {
  return olderNames.has(processOf(address));
}

function fault(kind: AddressFault, text: string, hint: string): AddressParseError {
  return new AddressParseError(
    kind,
    `Cannot parse "${text.slice(0, 2 * NAME_CHARS_MAX)}": ${hint}`,
  );
}

/** Kinode 1.0 refuses `_`; the seed's own names have it, so we take it in every part but the publisher. */
function checkName(
  kind: AddressFault,
  part: string,
  name: string,
  isNode: boolean,
  text: string,
): void {
  if (name.length > NAME_CHARS_MAX) {
    throw fault(kind, text, `the ${part} is longer than ${NAME_CHARS_MAX} characters`);
  }
  const bad = (isNode ? /[^a-z0-9\-.]/ : /[^a-z0-9\-_]/).exec(name);
  if (bad === null) return;
  const allowed = isNode ? "a-z, 0-9, `-` and `.`" : "a-z, 0-9, `-` and `_`";
  throw fault(
    kind,
    text,
    `the ${part} "${name}" has the character "${bad[0]}", it may have ${allowed}`,
  );
}
