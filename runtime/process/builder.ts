import { METADATA_CHARS_MAX } from "../limits.ts";
import {
  type Body,
  type Capability,
  checkCapabilities,
  type LazyLoadBlob,
} from "../protocol/message.ts";
import type { Address } from "./address.ts";
import { capabilitiesOf } from "./capability.ts";
import { checked } from "./checked.ts";
import { current } from "./current.ts";

/** A blob as it is given: text stands for its UTF-8 bytes. */
export interface BlobInit {
  mime?: string | null;
  bytes: Uint8Array | string;
}

/** What a message is built with so far. */
interface Parts {
  body: Body;
  metadata: string | null;
  blob: LazyLoadBlob | null;
  capabilities: Capability[];
  inherit: boolean;
}

/** What requests and responses are built with alike. */
export abstract class Builder {
  #body: Body | null = null;
  #metadata: string | null = null;
  #blob: LazyLoadBlob | null = null;
  #capabilities: Capability[] = [];
  #inherit = false;

  /** Bytes, or text that stands for its UTF-8 bytes. */
  body(body: Uint8Array | string): this {
    this.#body = checked(body, "body");
    return this;
  }

  /** Text that travels beside the body, by convention JSON. Throws a RangeError above 1 MB: use the blob. */
  metadata(metadata: string): this {
    if (metadata.length > METADATA_CHARS_MAX) {
      throw new RangeError(
        `Cannot send ${metadata.length} characters of metadata: at most ${METADATA_CHARS_MAX}; use the blob`,
      );
    }
    this.#metadata = metadata;
    return this;
  }

  /** Bytes that travel beside the body. */
  blob(blob: BlobInit): this {
    this.#blob = { mime: blob.mime ?? null, bytes: checked(blob.bytes, "blob.bytes") };
    return this;
  }

  /** Bytes that travel beside the body; keeps the MIME type set before. */
  blobBytes(bytes: Uint8Array | string): this {
    return this.blob({ mime: this.#blob?.mime ?? null, bytes });
  }

  /** The MIME type of the blob; without bytes the blob is empty. */
  blobMime(mime: string): this {
    return this.blob({ mime, bytes: this.#blob?.bytes ?? "" });
  }

  /**
   * Capabilities to hand over; only those that this process holds or issues arrive. Throws a RangeError when they
   * have more than 32,768 characters together.
   */
  capabilities(capabilities: Capability[]): this {
    this.#capabilities = checkCapabilities(capabilities);
    return this;
  }

  /** Hands over every capability held that `issuer` issued. Throws a SyntaxError if it is no address. */
  async attachAll(issuer: string | Address): Promise<this> {
    return this.attach(await capabilitiesOf(issuer));
  }

  /** Sends the blob received last along, unless one is set here. A request's response goes to the current sender. */
  inherit(inherit: boolean): this {
    this.#inherit = inherit;
    return this;
  }

  /** Hands these over too. */
  protected attach(capabilities: Capability[]): this {
    return this.capabilities([...this.#capabilities, ...capabilities]);
  }

  /** Throws a TypeError without body; `what` is the name of the thing that is built. */
  protected parts(what: string): Parts {
    if (this.#body === null) {
      throw new TypeError(`Cannot send a ${what} without body: call .body(…), it may be empty`);
    }
    const inherited = this.#inherit ? current().mailbox.last?.lazy_load_blob ?? null : null;
    return {
      body: this.#body,
      metadata: this.#metadata,
      blob: this.#blob ?? inherited,
      capabilities: this.#capabilities,
      inherit: this.#inherit,
    };
  }
}
