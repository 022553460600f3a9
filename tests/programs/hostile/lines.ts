// Threat: a script that writes a line which seems to be the node's or another process's, or that moves the cursor of
// whoever reads: by printing, by what it throws, in whatever place, and by what others print about it. Which one of
// the ways is in the name that it was dropped under.
import { our, println, Request } from "@kinode/process";

export const config = { on_exit: "None" } as const;

const FORGED = "x\nkinode: started evil:evil:evil\r\nThu 14:03 evil:evil: hi\r" +
  "kinode: evil\u2028kinode: evil\u0085kinode: evil\u001b[2J\u001b]0;evil\u0007\u202elive\u2066";

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));
const forever = () => new Promise<never>(() => {});

const ways: Record<string, () => unknown> = {
  prints() {
    println(FORGED);
    console.log(FORGED, { [FORGED]: FORGED }, [FORGED], Symbol(FORGED), new Error(FORGED));
    console.error("%s %o %c styled", FORGED, { a: FORGED }, "color: red");
    console.table([{ [FORGED]: FORGED }]);
    console.group(FORGED);
    console.warn(FORGED);
    console.trace(FORGED);
    console.assert(false, FORGED);
    console.count(FORGED);
    console.time(FORGED);
    console.timeEnd(FORGED);
    console.timeEnd(`${FORGED} unknown`);
    console.dir({ FORGED }, { colors: true });
    throw new Error("prints has printed");
  },
  throws() {
    throw new Error(FORGED);
  },
  throws_text() {
    throw FORGED;
  },
  throws_named() {
    throw Object.assign(new Error("x"), { name: FORGED, stack: FORGED });
  },
  throws_nothing() {
    throw null;
  },
  throws_from_timer() {
    setTimeout(() => {
      throw new Error(FORGED);
    });
    return forever();
  },
  throws_from_microtask() {
    queueMicrotask(() => {
      throw new Error(FORGED);
    });
    return forever();
  },
  throws_from_listener() {
    Event.prototype.preventDefault = () => {};
    const target = new EventTarget();
    target.addEventListener("x", () => {
      throw new Error(FORGED);
    });
    target.dispatchEvent(new Event("x"));
    return forever();
  },
  throws_from_object_listener() {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", {
      handleEvent() {
        throw new Error(FORGED);
      },
    });
    port1.start();
    port2.postMessage(1);
    return forever();
  },
  throws_while_reported() {
    // Its message is asked for while it is reported; a second error within is not reported by event any more.
    const within = () => {
      const target = new EventTarget();
      target.addEventListener("x", () => {
        throw new Error(FORGED);
      });
      target.dispatchEvent(new Event("x"));
      reportError(new Error(FORGED));
    };
    const error = Object.defineProperty(new Error("x"), "message", {
      get() {
        within();
        return FORGED;
      },
    });
    addEventListener("error", within);
    addEventListener("unhandledrejection", within);
    setTimeout(() => {
      throw error;
    });
    return forever();
  },
  throws_a_proxy() {
    const bomb = (): never => {
      throw new Error(FORGED);
    };
    throw new Proxy(new Error("x"), { get: bomb, getPrototypeOf: bomb, ownKeys: bomb });
  },
  reports() {
    reportError(new Error(FORGED));
    return forever();
  },
  rejects() {
    Object.defineProperty(Event.prototype, "defaultPrevented", { value: false });
    globalThis.dispatchEvent = () => true;
    Promise.reject(new Error(FORGED));
    return forever();
  },
  rejects_from_event() {
    dispatchEvent(new PromiseRejectionEvent("unhandledrejection", { promise: forever() }));
    dispatchEvent(new ErrorEvent("error", { error: new Error(FORGED) }));
    return Promise.reject(FORGED);
  },
  prepares_its_stack() {
    Error.prepareStackTrace = () => FORGED;
    throw new Error("x");
  },
  overflows() {
    const deeper = (): number => 1 + deeper();
    try {
      deeper();
    } catch (error) {
      println(`${error}`);
    }
    const asked = (): string => String({ toString: asked });
    throw {
      toString: asked,
      get message() {
        return asked();
      },
    };
  },
  async is_malformed() {
    const to = "our@http_server:distro:sys";
    const answer = await Request.to(to).body(JSON.stringify({ [FORGED]: FORGED }))
      .sendAndAwaitResponse(5).catch(String);
    println(answer);
    await Request.to(to).body(`{"Bind":{"path":${JSON.stringify(FORGED)}}}`)
      .sendAndAwaitResponse(5).catch(String);
    await Request.to("our@http_client:distro:sys").body(FORGED).sendAndAwaitResponse(5).catch(
      String,
    );
    await fetch(`http://127.0.0.1:1/${encodeURIComponent(FORGED)}`, { headers: { a: "b" } })
      .catch(String);
    for (const target of [`our@a:b:${FORGED}`, `${FORGED}@a:b:c`]) {
      try {
        Request.to(target).body("x").send();
      } catch (error) {
        println(`${error}`);
      }
    }
    throw new Error("is_malformed is done");
  },
  async answers_junk() {
    await nextTurn();
    const { default: style } = { default: { fetch: () => FORGED } };
    throw new Error(style.fetch());
  },
};

export async function init() {
  const way = our().processName;
  println(`${way} begins`);
  await nextTurn();
  await ways[way]!();
}
