/** An action that was not done: the error for the process, and what era A says about it in words. */
import type { ErrorDetail, HttpServerError } from "../../protocol/http_server.ts";

export interface Refusal {
  error: HttpServerError;
  detail: ErrorDetail;
}

export function refusal(error: HttpServerError, words: string): Refusal {
  return { error, detail: { error: words } };
}
