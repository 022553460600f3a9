// The scripts that conformance tests drop into a node: examples and programs, as they stand in the repository.

/** The text of an example; `change` replaces a part of it, which must be there. */
export function readExample(name: string, change?: [from: string, to: string]): string {
  return read(`../../examples/${name}`, change);
}

export function readProgram(name: string): string {
  return read(`../programs/${name}`);
}

/** The path of a client in `examples/clients/`, for a Python to run. */
export function findClient(name: string): string {
  return new URL(`../../examples/clients/${name}`, import.meta.url).pathname;
}

function read(path: string, change?: [from: string, to: string]): string {
  const text = Deno.readTextFileSync(new URL(path, import.meta.url));
  if (change === undefined) return text;
  const changed = text.replace(...change);
  if (changed === text) throw new Error(`${path} has no ${change[0]} to be changed`);
  return changed;
}
