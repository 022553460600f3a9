// Full load on one node for a while: is anything left over? Resident memory, descriptors and threads of the node
// after a minute of load and at its end, while half of the load asks a process and half makes it answer with a stream.
//
//   deno task bench soak              ten minutes
//   SOAK_SECONDS=60 deno task bench soak
//   SOAK_FRONT=1 deno task bench soak        through the front door

import { startNode } from "../clients/node.ts";
import { load } from "./_load.ts";

const SECONDS = Number(Deno.env.get("SOAK_SECONDS") ?? "600");
const WARM_SECONDS = Math.round(Math.min(60, SECONDS / 4));
const SAMPLES = 5;
const ARGS = Deno.env.get("SOAK_FRONT") === "1" ? ["--listen", "127.0.0.1"] : [];

const SCRIPT = `export default {
  fetch(request) {
    if (!request.url.endsWith("/stream")) return new Response("hello");
    return new Response(new ReadableStream({
      start(c) { c.enqueue(new TextEncoder().encode("a".repeat(1000))); },
      pull(c) { c.enqueue(new TextEncoder().encode("b")); c.close(); },
    }));
  },
};`;

/** What /proc says of the node; it is read on Linux only. */
interface Held {
  mb: number;
  descriptors: number;
  threads: number;
}

function look(pid: number): Held {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    mb: Math.round(field("VmRSS") / 1024),
    descriptors: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
    threads: field("Threads"),
  };
}

if (Deno.build.os !== "linux") {
  console.log("SKIP soak: it reads /proc, which only Linux has");
} else {
  await using node = await startNode({ args: ARGS, files: { "soak.ts": SCRIPT } });
  await node.waitForLine("kinode: started soak:soak:template.os");
  const url = `${node.url}/soak:soak:template.os`;
  while ((await fetch(url).then((response) => response.text())) !== "hello");
  const both = (seconds: number) =>
    Promise.all([load(url, 32, seconds), load(`${url}/stream`, 32, seconds)]);
  await both(WARM_SECONDS);
  const say = (held: Held, when: string, [whole, stream]: number[]) =>
    console.log(
      `${when}: ${held.mb} MB, ${held.descriptors} descriptors, ${held.threads} threads; ` +
        `${Math.round(whole!)} requests/s whole, ${Math.round(stream!)}/s streamed`,
    );
  const part = Math.max(1, Math.round((SECONDS - WARM_SECONDS) / SAMPLES));
  for (let i = 1; i <= SAMPLES; i++) {
    const rates = await both(part);
    say(look(node.pid), `after ${Math.round(WARM_SECONDS + i * part)} s`, rates);
  }
}
