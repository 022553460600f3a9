// curl, as a user types it, with its answer taken apart: status line, headers, body bytes.
//
//   const { status, text } = await curl(["-X", "PUT", "-d", '{"Hello":"you"}', url]);

import { declared } from "./needs.ts";

export interface CurlAnswer {
  /** curl's own exit code: 0, or for example 7 (refused), 52 (empty reply). */
  code: number;
  /** 0 when no response came. */
  status: number;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
  /** The body as UTF-8. */
  text: string;
  /** What curl said went wrong; empty when nothing did. */
  stderr: string;
}

/** Only in a test that says that it needs curl. */
export async function curl(args: string[]): Promise<CurlAnswer> {
  // No ~/.curlrc (-q), no progress, errors shown; the head comes before the body (-i).
  const command = new Deno.Command(declared("curl"), {
    args: ["-q", "-sS", "-i", "--max-time", "60", ...args],
  });
  const output = await command.output();
  const { status, headers, body } = split(output.stdout);
  const decoder = new TextDecoder();
  return {
    code: output.code,
    status,
    headers,
    body,
    text: decoder.decode(body),
    stderr: decoder.decode(output.stderr).trim(),
  };
}

function split(bytes: Uint8Array<ArrayBuffer>): Pick<CurlAnswer, "status" | "headers" | "body"> {
  let rest = bytes;
  while (true) {
    const end = findBlankLine(rest);
    if (end < 0) return { status: 0, headers: new Headers(), body: rest };
    const [first = "", ...lines] = new TextDecoder().decode(rest.subarray(0, end)).split("\r\n");
    const status = Number(first.split(" ")[1]);
    rest = rest.subarray(end + 4);
    // 100 Continue and 103 Early Hints come before the answer proper; 101 is the answer itself.
    if (status < 200 && status !== 101) continue;
    const headers = new Headers();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return { status, headers, body: rest };
  }
}

function findBlankLine(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) {
      return i;
    }
  }
  return -1;
}
