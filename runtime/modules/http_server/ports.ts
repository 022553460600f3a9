/** Which port to listen on, as Kinode chooses (spec/http.md §2.1): the one asked for, or the first free one. */
const FIRST = 8080;
const LAST = 8998;

/**
 * Calls `listen` with `wanted`, or with 8080 and up until one is free; returns what it returned. Throws an
 * Error for the person when none can be had.
 */
export function listenOnPort<T>(wanted: number | undefined, listen: (port: number) => T): T {
  if (wanted !== undefined) {
    try {
      return listen(wanted);
    } catch (error) {
      throw explained(error, wanted);
    }
  }
  for (let port = FIRST; port <= LAST; port++) {
    try {
      return listen(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw explained(error, port);
    }
  }
  throw new Error(
    `every port from ${FIRST} to ${LAST} is taken: free one, or choose another with --port N`,
  );
}

function explained(error: unknown, port: number): unknown {
  if (error instanceof Deno.errors.AddrInUse) {
    return new Error(
      `port ${port} is taken by another program: stop it, choose another with --port N, ` +
        `or leave --port out for the first free one`,
    );
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new Error(
      `port ${port} may not be used by this user: choose one above 1023 with --port N`,
    );
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new Error(
      "this machine has no such address: --listen takes one that it has, or 0.0.0.0 or [::] for all",
    );
  }
  return error;
}
