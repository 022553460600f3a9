// Threat: a script that calls what only this machine or its network may call: loopback, a cloud's metadata service, by
// whatever spelling of the address, by a redirect, by a WebSocket or an EventSource. Says what became of each.
import { println } from "@kinode/process";

declare const URLS: string[];

for (const url of URLS) println(`${url} ${await outcome(url)}`);
println("done");

/** It stays: one that ends would begin anew. */
export default { message() {} };

async function outcome(url: string): Promise<string> {
  try {
    if (url.startsWith("ws:")) return await talk(url);
    if (url.startsWith("sse+")) return await listen(url.slice(4));
    const response = await fetch(url);
    return `reached ${response.status} ${(await response.text()).slice(0, 20)}`;
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
}

function talk(url: string): Promise<string> {
  const socket = new WebSocket(url);
  return new Promise((resolve) => {
    socket.onopen = () => resolve("reached");
    socket.onclose = () => resolve("failed: closed");
  });
}

function listen(url: string): Promise<string> {
  const source = new EventSource(url);
  return new Promise((resolve) => {
    source.onopen = () => resolve("reached");
    source.onerror = (event) => {
      source.close();
      resolve(`failed: ${(event as ErrorEvent).message}`);
    };
  });
}
