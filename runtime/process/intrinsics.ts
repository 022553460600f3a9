/**
 * The few objects of the language itself that Deno's own code trusts. A script may change what it likes of the rest:
 * that harms only the script (tests/programs/hostile/reachable.ts puts a spy into every built-in function).
 */

/**
 * `Function.prototype.call` of the script's own would be handed Deno's raw operations as `this`; a name or an index
 * that is added to every object and list would be asked by the runtime, which in Deno 2.4 ends the node.
 */
export function guardIntrinsics(): void {
  for (const name of ["call", "apply", "bind"] as const) keep(Function.prototype, name);
  Object.preventExtensions(Object.prototype);
  Object.preventExtensions(Array.prototype);
  // Deno sets `data` on each event that comes out of a port: a setter of that name would be shown what the kernel sent.
  Object.preventExtensions(Event.prototype);
  Object.preventExtensions(MessageEvent.prototype);
}

/**
 * Not just read-only: a function of a script may have a `call` of its own. And an accessor costs nothing, where a
 * read-only property doubles the price of every `call` (Deno 2.4 and 2.9).
 */
function keep(on: object, name: string): void {
  const { defineProperty } = Reflect;
  const value = (on as Record<string, unknown>)[name];
  Object.defineProperty(on, name, {
    get: () => value,
    set(this: object, own: unknown) {
      const member = { value: own, writable: true, enumerable: true, configurable: true };
      if (this === on || !defineProperty(this, name, member)) {
        throw new TypeError(
          `Cannot replace Function.prototype.${name}: the runtime itself uses it`,
        );
      }
    },
    configurable: false,
  });
}
