/**
 * Whatever a script throws and nobody catches comes here, at the root: Deno's own way of reporting it asks
 * objects that the script may have changed, and ends with a text on the node's terminal that the script chose.
 *
 *   a callback, a timer, a microtask ─┐
 *   a listener of an event ───────────┼──► caught(error), once the turn's microtask comes
 *   a rejection that nobody handles ──┘
 */

/** What Deno's runtime offers its own web layer; both members are there in 2.4 and 2.9. */
interface Core {
  setReportExceptionCallback?(caught: (error: unknown) => void): void;
  setUnhandledPromiseRejectionHandler?(caught: (promise: unknown, reason: unknown) => true): void;
}

type Listener = EventListenerOrEventListenerObject | null;

/** `caught` may run the script's code (a getter, a proxy): it never runs inside of Deno's reporting. */
export function takeFaults(scope: typeof globalThis, caught: (error: unknown) => void): void {
  const soon = scope.queueMicrotask.bind(scope);
  const report = (error: unknown) => soon(() => caught(error));
  const { core } = (Deno as unknown as Record<symbol, { core: Core }>)[
    (Deno as unknown as { internal: symbol }).internal
  ] ?? { core: {} };
  if (core.setReportExceptionCallback && core.setUnhandledPromiseRejectionHandler) {
    soon(() => {}); // Deno looks for V8's own function at its first call, by a name that a script may change.
    core.setReportExceptionCallback(report);
    core.setUnhandledPromiseRejectionHandler((_promise, reason) => {
      report(reason);
      return true;
    });
  } else {
    listen(scope, report);
  }
  guardListeners(scope.EventTarget.prototype, report);
  define(scope, "reportError", (error: unknown) => report(error));
}

/** The documented way, for a Deno that has not the other one. */
function listen(scope: typeof globalThis, report: (error: unknown) => void): void {
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    report(event.error ?? event.message);
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report(event.reason);
  });
}

/** From now on no listener throws into Deno: what it throws is reported here. */
function guardListeners(prototype: EventTarget, report: (error: unknown) => void): void {
  const { apply } = Reflect;
  const { addEventListener, removeEventListener } = prototype;
  const guards = new WeakMap<object, EventListener>();
  const guardOf = guards.get.bind(guards);
  const setGuard = guards.set.bind(guards);
  const guarded = (listener: Listener): Listener => {
    if (listener === null || typeof listener !== "object" && typeof listener !== "function") {
      return listener;
    }
    const known = guardOf(listener);
    if (known !== undefined) return known;
    const guard = function (this: unknown, event: Event): void {
      try {
        if (typeof listener === "function") apply(listener, this, [event]);
        else listener.handleEvent(event);
      } catch (error) {
        report(error);
      }
    };
    setGuard(listener, guard);
    return guard;
  };
  define(prototype, "addEventListener", function (this: unknown, type, listener, options) {
    return apply(addEventListener, this, [type, guarded(listener as Listener), options]);
  });
  define(prototype, "removeEventListener", function (this: unknown, type, listener, options) {
    return apply(removeEventListener, this, [type, guarded(listener as Listener), options]);
  });
}

function define(on: object, name: string, value: (...given: unknown[]) => unknown): void {
  Object.defineProperty(value, "name", { value: name });
  Object.defineProperty(on, name, { value, writable: true, configurable: true, enumerable: true });
}
