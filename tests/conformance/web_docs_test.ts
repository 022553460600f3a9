// What the documentation of Workers and Deno shows runs unchanged (issue 4, item 4): its handlers in its style, each
// at its own host, as its authors' apps are.

import { assertEquals } from "@std/assert";
import { curl, type CurlAnswer } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { curlBound } from "./bound.ts";

interface Snippet {
  file: string;
  source: string;
  /** Arguments of curl, the last one a path; and what of the answer it comes to. */
  asks: [args: string[], shown: (answer: CurlAnswer) => unknown, expected: unknown][];
}

const text = ({ text }: CurlAnswer) => text;
const status = ({ status }: CurlAnswer) => status;

const SNIPPETS: Snippet[] = [
  {
    file: "alter.ts",
    source: `export default {
      async fetch(request, env, ctx): Promise<Response> {
        const url = new URL(request.url);
        url.hostname = "example.com";
        const altered = new Request(url, new Request(request, { method: "POST", body: "x" }));
        altered.headers.set("X-Example", "bar");
        const original = new Response("body", { status: 202 });
        const response = new Response(original.body, original);
        response.headers.append("x-hello", [altered.url.replace(/:\\d+/, ""), altered.method].join(" "));
        return response;
      },
    } satisfies ExportedHandler;`,
    asks: [
      [["/a"], (answer) => answer.headers.get("x-hello"), "http://example.com/a POST"],
      [["/a"], status, 202],
    ],
  },
  {
    file: "readpost.js",
    source: `export default {
      async fetch(request) {
        async function readRequestBody(request) {
          const contentType = request.headers.get("content-type");
          if (contentType.includes("application/json")) return JSON.stringify(await request.json());
          if (contentType.includes("form")) {
            const body = {};
            for (const entry of (await request.formData()).entries()) body[entry[0]] = entry[1];
            return JSON.stringify(body);
          }
          return await request.text();
        }
        if (request.method !== "POST") return new Response("The request was a GET");
        return new Response(\`The request body sent in was \${await readRequestBody(request)}\`);
      },
    };`,
    asks: [
      [["/"], text, "The request was a GET"],
      [["-F", "a=1", "-F", "b=2", "/"], text, 'The request body sent in was {"a":"1","b":"2"}'],
      [["-d", "a=1&b=2", "/"], text, 'The request body sent in was {"a":"1","b":"2"}'],
      [
        ["-H", "content-type: application/json", "-d", "[1]", "/"],
        text,
        "The request body sent in was [1]",
      ],
    ],
  },
  {
    file: "sign.js",
    source: `const encoder = new TextEncoder();
      export default {
        async fetch(request, env) {
          const secret = encoder.encode(env.SECRET_DATA ?? "key");
          const algorithm = { name: "HMAC", hash: "SHA-256" };
          const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
          const text = "The quick brown fox jumps over the lazy dog";
          const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
          return new Response(btoa(String.fromCharCode(...new Uint8Array(mac))));
        },
      };`,
    asks: [[["/"], text, "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg="]],
  },
  {
    file: "streams.js",
    source: `export default {
      async fetch(request, env, ctx) {
        const { readable, writable } = new TransformStream();
        const upper = new TransformStream({
          transform(chunk, controller) {
            const text = new TextDecoder().decode(chunk).toUpperCase();
            controller.enqueue(new TextEncoder().encode(text));
          },
        });
        if (!request.body) return new Response("no body", { status: 400 });
        ctx.waitUntil(request.body.pipeThrough(upper).pipeTo(writable));
        return new Response(readable);
      },
    };`,
    asks: [
      [["-d", "shout", "/"], text, "SHOUT"],
      [["/"], status, 400],
    ],
  },
  {
    file: "cookies.js",
    source: `export default {
      async fetch(request) {
        const cookie = request.headers.get("Cookie") || "";
        if (cookie.includes("__uid=")) return new Response(cookie);
        const headers = [["set-cookie", "a=1"], ["set-cookie", "b=2; Path=/"]];
        return new Response("No cookie", { headers });
      },
    };`,
    asks: [
      [["/"], ({ headers }) => headers.getSetCookie(), ["a=1", "b=2; Path=/"]],
      [["-H", "cookie: __uid=7", "/"], text, "__uid=7"],
    ],
  },
  {
    file: "redirects.js",
    source: `const redirectMap = new Map([["/bulk1", "https://example.com/redirect2"]]);
      export default {
        async fetch(request) {
          const { pathname } = new URL(request.url);
          const location = redirectMap.get(pathname);
          if (location) return Response.redirect(location, 301);
          return Response.redirect(new URL(pathname, "https://example.org"), 302);
        },
      };`,
    asks: [
      [["/bulk1"], ({ headers }) => headers.get("location"), "https://example.com/redirect2"],
      [["/other"], ({ headers }) => headers.get("location"), "https://example.org/other"],
    ],
  },
  {
    file: "pattern.ts",
    source: `const BOOK_ROUTE = new URLPattern({ pathname: "/books/:id" });
      function handler(req: Request): Response {
        const match = BOOK_ROUTE.exec(req.url);
        if (match) return new Response(\`Book \${match.pathname.groups.id}\`);
        return new Response("Not found (try /books/1)", { status: 404 });
      }
      export default { fetch: handler };`,
    asks: [
      [["/books/12"], text, "Book 12"],
      [["/"], status, 404],
    ],
  },
  {
    file: "agent.ts",
    source: `export default {
      fetch(request) {
        const userAgent = request.headers.get("user-agent") || "Unknown";
        return new Response(\`User Agent: \${userAgent}\`);
      },
    } satisfies Deno.ServeDefaultExport;`,
    asks: [[["-A", "me", "/"], text, "User Agent: me"]],
  },
  {
    file: "timer.ts",
    source: `export default {
      fetch(_req: Request) {
        let timer: number | undefined = undefined;
        let count = 0;
        const body = new ReadableStream({
          start(controller) {
            timer = setInterval(() => {
              controller.enqueue(new TextEncoder().encode(\`tick \${++count}\\n\`));
              if (count < 3) return;
              clearInterval(timer);
              controller.close();
            }, 10);
          },
          cancel() {
            if (timer !== undefined) clearInterval(timer);
          },
        });
        const headers = { "content-type": "text/plain", "x-content-type-options": "nosniff" };
        return new Response(body, { headers });
      },
    };`,
    asks: [[["/"], text, "tick 1\ntick 2\ntick 3\n"]],
  },
  {
    file: "errors.js",
    source: `export default {
      async fetch(request, env, ctx) {
        ctx.passThroughOnException();
        try {
          throw new Error("caught");
        } catch (err) {
          return Response.json({ error: err.message, country: request.cf?.country }, { status: 500 });
        }
      },
    };`,
    asks: [[["/"], text, '{"error":"caught"}']],
  },
];

testNeeding(
  ["curl"],
  "handlers from the documentation of Workers and Deno run unchanged",
  async (t) => {
    const files = Object.fromEntries(SNIPPETS.map(({ file, source }) => [file, source]));
    await using node = await startNode({ files });
    const { port } = new URL(node.url);
    for (const { file, asks } of SNIPPETS) {
      await t.step(file, async () => {
        const origin = `http://${file.replace(/\..*/, "")}.localhost:${port}`;
        for (const [args, shown, expected] of asks) {
          const whole = [...args.slice(0, -1), origin + args.at(-1)];
          const answer = await (expected === 404 ? curl(whole) : curlBound(whole));
          assertEquals(shown(answer), expected, args.join(" "));
        }
      });
    }
  },
);

Deno.test("a script that serves as another runtime does is told how it serves here", async () => {
  const files = {
    "deno.ts": `Deno.serve((_req) => new Response("Hello, World!"));`,
    "both.ts":
      `const handler = () => new Response("hello");\nDeno.serve(handler);\nexport default handler;`,
  };
  await using node = await startNode({ files });
  await node.waitForLines([
    "kinode: deno.ts: error: there is nothing to run",
    "write `export default { fetch: handler }` instead of `Deno.serve(handler)`",
  ]);
  await node.waitForLines([
    "ReferenceError: Deno is not defined",
    "at both.ts:2:1",
    "a process has no Deno: `export default { fetch(request) }` serves",
    "gone until it is saved anew",
  ]);
});
