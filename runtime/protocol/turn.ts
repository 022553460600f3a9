/**
 * When a turn of the event loop has ended, for both ends of a port: what was sent within it crosses in one
 * post. A message to oneself runs after the turn's microtasks and ready callbacks; `setTimeout(0)` waits a
 * millisecond and so does `setImmediate` in Deno 2.4, and a microtask ends no turn: it would post one by one
 * (28 k against 35 k HTTP requests/s through a process, Deno 2.9.6).
 */
export function turns(): (run: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  let waiting: (() => void)[] = [];
  port1.onmessage = () => {
    const runs = waiting;
    waiting = [];
    for (const run of runs) run();
  };
  return (run) => {
    if (waiting.push(run) === 1) port2.postMessage(null);
  };
}
