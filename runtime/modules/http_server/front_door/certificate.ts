/**
 * The certificate of the front door: two PEM files, read at the start and again when they change. A file that is
 * no good never takes the place of one that was.
 */
import type { Log } from "../../../log.ts";

export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

export interface Certificate {
  cert: string;
  key: string;
}

/** Between two words about a certificate that expires. */
const DAY_MS = 86_400_000;
const FIRST = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/s;
/** Between two looks at the files; they count as written when two looks find the same. */
const LOOK_MS = 1_000;

/** Throws an Error whose text says which file is wrong, and how. */
export function readCertificate({ certFile, keyFile }: CertificateFiles): Certificate {
  const cert = readPem("--tls-cert", certFile, "CERTIFICATE");
  const key = readPem("--tls-key", keyFile, "PRIVATE KEY");
  try {
    // The only way to have Deno look at them. It needs a port for that, which nobody hears of.
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key }).close();
  } catch (error) {
    throw new Error(
      `--tls-cert ${certFile} and --tls-key ${keyFile} cannot be used together: ` +
        `${(error as Error).message}`,
    );
  }
  return { cert, key };
}

function readPem(flag: string, file: string, kind: string): string {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (error as Error).message;
    throw new Error(`${flag} ${file}: ${why}`);
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${kind}-----`).test(text)) {
    throw new Error(
      `${flag} ${file}: this is no PEM file with a ${kind} (a text with -----BEGIN ... ${kind}-----)`,
    );
  }
  if (/BEGIN ENCRYPTED|^Proc-Type: .*ENCRYPTED/m.test(text)) {
    throw new Error(`${flag} ${file}: the key is encrypted; the node needs one without a password`);
  }
  return text;
}

/**
 * What clients have, or will soon have, against the dates of the first certificate of a PEM file, whatever else is in
 * it; `null`: nothing. Who renews does so with a third of the time left (Let's Encrypt's advice), so with a tenth left
 * nobody has.
 */
export async function faultOfDates(pem: string, now: number): Promise<string | null> {
  // It takes milliseconds to load, which a node without TLS need not wait for.
  const { X509Certificate } = await import("node:crypto");
  let from, to;
  try {
    const { validFrom, validTo } = new X509Certificate(FIRST.exec(pem)?.[0] ?? pem);
    [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  } catch (error) {
    return `serves, but its dates cannot be read (${(error as Error).message})`;
  }
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  if (now >= to) return `has expired on ${day(to)}: clients refuse it`;
  if (now < from) return `is valid from ${day(from)} on: until then clients refuse it`;
  return to - now < (to - from) / 10
    ? `expires on ${day(to)}: from then on clients refuse it`
    : null;
}

/** Calls `changed` with every new certificate that is good. */
export class CertificateWatch {
  readonly #files: CertificateFiles;
  readonly #changed: (certificate: Certificate) => void;
  readonly #log: Log;
  readonly #timer: ReturnType<typeof setInterval>;
  #cert: string;
  #datesAt = -Infinity;
  #used: string;
  #seen: string;

  constructor(
    files: CertificateFiles,
    { cert }: Certificate,
    changed: (fresh: Certificate) => void,
    log: Log,
  ) {
    this.#files = files;
    this.#cert = cert;
    this.#changed = changed;
    this.#log = log;
    this.#used = this.#seen = stampOf(files);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    void this.#lookAtDates();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#lookAtFiles();
    if (Date.now() - this.#datesAt >= DAY_MS) void this.#lookAtDates();
  }

  async #lookAtDates(): Promise<void> {
    this.#datesAt = Date.now();
    const fault = await faultOfDates(this.#cert, this.#datesAt);
    if (fault === null) return;
    const hint = "a new one in its place is taken without a restart";
    this.#log.warn(`http-server: --tls-cert ${this.#files.certFile} ${fault}; ${hint}`);
  }

  #lookAtFiles(): void {
    const stamp = stampOf(this.#files);
    const settled = stamp === this.#seen;
    this.#seen = stamp;
    if (!settled || stamp === this.#used) return;
    this.#used = stamp;
    try {
      const fresh = readCertificate(this.#files);
      this.#changed(fresh);
      this.#cert = fresh.cert;
      void this.#lookAtDates();
    } catch (error) {
      this.#log.warn(`http-server: keeps the certificate that it has: ${(error as Error).message}`);
    }
  }
}

function stampOf({ certFile, keyFile }: CertificateFiles): string {
  return [certFile, keyFile].map((file) => {
    try {
      // Mode and owner, too: a file that could not be read is often made readable a moment later.
      const { mtime, size, ino, mode, uid } = Deno.statSync(file);
      return `${mtime?.getTime()} ${size} ${ino} ${mode} ${uid}`;
    } catch (error) {
      return (error as Error).name;
    }
  }).join();
}
