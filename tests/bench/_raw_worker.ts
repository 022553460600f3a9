// One of two workers with a MessageChannel between them and nothing else: what messages cost without kinode.
// Told to ask, it asks for a while, and says how often it was answered; else it answers.
import { parentPort } from "node:worker_threads";

/** To the parent's end: ask so many at once, for so long. */
export interface Ask {
  flights: number;
  seconds: number;
}

parentPort!.once("message", (port: MessagePort) => {
  const waiting = new Map<number, () => void>();
  port.onmessage = ({ data }: MessageEvent<[number, string, boolean]>) => {
    const [id, body, isAnswer] = data;
    if (!isAnswer) return port.postMessage([id, body, true]);
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve?.();
  };
  let next = 0;
  const one = () =>
    new Promise<void>((resolve) => {
      waiting.set(++next, resolve);
      port.postMessage([next, "ping", false]);
    });
  parentPort!.on("message", async ({ flights, seconds }: Ask) => {
    const end = performance.now() + seconds * 1000;
    let answered = 0;
    const loop = async () => {
      for (; performance.now() < end; answered++) await one();
    };
    await Promise.all(Array.from({ length: flights }, loop));
    parentPort!.postMessage(answered);
  });
});
