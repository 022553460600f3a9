const Native = globalThis.Response;

/** What a Response was made of, where that is known without reading it; its body is not consumed. */
export type Source =
  /** Text: it crosses two threads as the text that it is, without being read as a stream, encoded and copied. */
  | { text: string }
  /** Bytes, a Blob, a form, nothing: all of it is there. */
  | "whole"
  /** A stream, or nobody knows (an answer of `fetch`): it comes piece by piece. */
  | "stream";

const WHOLE = { text: "" };

/** Clones are the runtime's own Responses; they are made of what their originals are made of. */
const clones = new WeakMap<globalThis.Response, Source>();

export let sourceOf: (response: globalThis.Response) => Source;

/**
 * The `Response` that scripts find on their global object: the web's own, which remembers what it was made of.
 * Most are made of text, and are answered in one message; only streams are streamed.
 */
export class Response extends Native {
  readonly #source: Source;

  static {
    sourceOf = (response) => {
      if (#source in response) return response.#source;
      if (response.body === null) return WHOLE;
      return clones.get(response) ?? "stream";
    };
  }

  constructor(body?: BodyInit | null, init?: ResponseInit) {
    super(body, init);
    this.#source = sourceFrom(body);
  }

  override clone(): globalThis.Response {
    const clone = super.clone();
    clones.set(clone, this.#source);
    return clone;
  }

  static override json(data: unknown, init: ResponseInit = {}): Response {
    const response = new Response(JSON.stringify(data), init);
    if (!new Headers(init.headers).has("content-type")) {
      response.headers.set("content-type", "application/json");
    }
    return response;
  }

  /** As in other servers, the URL is absolute; for a relative one set the `location` header. */
  static override redirect(url: string | URL, status?: number): globalThis.Response {
    return Native.redirect(new URL(url), status);
  }

  /** What the runtime itself makes (clones, redirects) counts as a Response too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === Response) return value instanceof Native;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

function sourceFrom(body: BodyInit | null | undefined): Source {
  if (typeof body === "string") return { text: body };
  if (body === null || body === undefined) return WHOLE;
  return isAllThere(body) ? "whole" : "stream";
}

/** No stream, nor anything that would have to be waited for. */
export function isAllThere(body: BodyInit): boolean {
  return typeof body === "string" || ArrayBuffer.isView(body) || body instanceof ArrayBuffer ||
    body instanceof Blob || body instanceof URLSearchParams || body instanceof FormData;
}
