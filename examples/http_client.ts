/**
 * Sends one HTTP request and prints the answer's body.
 *
 *   Drop this file into the node's processes folder.
 */
import { http, println } from "@kinode/process";

const PAGE_URL = "https://raw.githubusercontent.com/kinode-dao/kinode-wit/master/kinode.wit";

/** Once is enough: the process ends when `init` returns and is not started again. */
export const config = { on_exit: "None" };

export async function init() {
  println("begin");
  const url = URL.parse(PAGE_URL);
  if (url === null) throw new Error("failed to parse url");

  const response = await http.sendRequestAwaitResponse("GET", url, null, 5).catch((error) => {
    throw new Error(`request failed: ${debug(error)}`);
  });
  println(textOf(response.body));
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("couldn't read response");
  }
}

/** The error as Kinode prints it: `RequestFailed { error: "…" }`. Every one of them has one field. */
function debug(error: unknown): string {
  if (!(error instanceof http.HttpClientError)) return String(error);
  const [[name, fields] = ["", {}]] = Object.entries(error.error);
  const [[field, value] = ["", null]] = Object.entries(fields);
  return `${name} { ${field}: ${JSON.stringify(value)} }`;
}
