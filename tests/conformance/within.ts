/** Generous: two cores that are busy elsewhere. */
const WAIT_SECONDS = 30;
const PAUSE_MS = 10;

/** What `work` comes to; fails, naming `what`, when it comes to nothing in time. */
export async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const fail = () => late.reject(new Error(`no ${what} within ${WAIT_SECONDS} s`));
  const timer = setTimeout(fail, WAIT_SECONDS * 1000);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again until `ask` gives something; fails, naming `what`, when it never does. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + WAIT_SECONDS * 1000;
  while (performance.now() < deadline) {
    const result = await ask();
    if (result !== undefined) return result;
    // A turn of the loop, so that what is asked about can go on.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`no ${what} within ${WAIT_SECONDS} s`);
}
