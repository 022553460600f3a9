import { type Message, SendError } from "./message.ts";
import type { Request } from "./request.ts";

/** The answer to a request, or why there is none. What else goes wrong is misuse, and throws. */
export function ask(request: Request, seconds: number): Promise<Message | SendError> {
  return request.sendAndAwaitResponse(seconds).catch((error: unknown) => {
    if (error instanceof SendError) return error;
    throw error;
  });
}

/** Kinode's words for silence; for any other reason the kernel's own sentence, which says what to do. */
export function silence(error: SendError, module: string): string {
  return error.reason === "no-answer" ? `${module} timed out` : error.message;
}
