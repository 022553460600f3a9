const Native = globalThis.Response;

/** The text that a Response was made of; `null` if it was made of anything else. Does not consume the body. */
export let sourceTextOf: (response: globalThis.Response) => string | null;

/**
 * The `Response` that scripts find on their global object: the web's own, which remembers a body that was given
 * as text. Most answers are; they cross two threads as the text that they are, without being read as a stream,
 * encoded and copied. Every other body is read as bytes, so that no byte of it changes.
 */
export class Response extends Native {
  readonly #text: string | null;

  static {
    sourceTextOf = (response) => #text in response ? response.#text : null;
  }

  constructor(body?: BodyInit | null, init?: ResponseInit) {
    super(body, init);
    this.#text = typeof body === "string" ? body : null;
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
