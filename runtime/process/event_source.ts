/** `EventSource` as scripts find it: npm's `eventsource`, whose `fetch` is that of the global object, and so ours. */
import { EventSource as Client, type EventSourceInit } from "eventsource";
import { current } from "./current.ts";
import { fetch } from "./fetch.ts";

export class EventSource extends Client {
  constructor(url: string | URL, init: EventSourceInit = {}) {
    super(url, { fetch: fetch as EventSourceInit["fetch"], ...init });
    const { held } = current();
    held.add(this); // Who listens does not sleep.
    this.addEventListener("error", () => {
      if (this.readyState === EventSource.CLOSED) held.delete(this);
    });
  }

  override close(): void {
    super.close();
    current().held.delete(this);
  }
}
