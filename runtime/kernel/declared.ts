/** What programs declared about a process that was not there, or ended since: it holds again. */
import { addressOf, type ProcessId } from "../protocol/address.ts";
import type { Kernel } from "./kernel.ts";
import type { Program } from "./program.ts";

/**
 * The end of a process takes back what it issued and what it held (spec/kernel.md §4.3). When one of that name
 * is there again, what the others' manifests say of it counts (§5.6): their rights on it, and its on them.
 */
export function grantDeclared(kernel: Kernel, id: ProcessId, programs: Iterable<Program>): void {
  const [node, address] = [kernel.node, addressOf(kernel.node, id)];
  for (const program of programs) {
    const other = addressOf(node, program.id);
    for (const capability of program.capabilities) {
      if (capability.issuer === address) kernel.capabilities.give(other, capability);
    }
    for (const [holder, params] of program.grants) {
      if (holder === id) kernel.capabilities.give(address, { issuer: other, params });
    }
  }
}
