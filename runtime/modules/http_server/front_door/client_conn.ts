/** A client's connection as the front door uses it: plain TCP as Deno gives it, or a TlsLink. */
export interface ClientConn
  extends Pick<Deno.Conn, "remoteAddr" | "read" | "write" | "close" | "closeWrite"> {
  /** Ends it at once, also after `close`: what was written and has not left is lost. Missing: `close` leaves no rest. */
  cut?(): void;
}

export async function writeAll(conn: Pick<Deno.Conn, "write">, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
