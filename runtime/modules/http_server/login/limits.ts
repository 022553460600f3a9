/** Bounds of the login, with their reasons. */

/** A login lasts 26 weeks, as Kinode's. */
export const LOGIN_SECONDS = 26 * 7 * 24 * 3600;

/** Kinode's bound for the body of a login; beyond it 413. */
export const LOGIN_BODY_BYTES_MAX = 16_384;

/** Wrong passwords of one address before it has to wait, and the longest wait; meanwhile 429. */
export const LOGIN_FREE_FAILURES = 5;
export const LOGIN_PAUSE_SECONDS_MAX = 60;

/** Passwords worked on at a time, each half a second of a core; beyond it 429. */
export const LOGIN_TRIES_AT_ONCE_MAX = 2;

/** Addresses whose failures are remembered; the oldest are forgotten. */
export const LOGIN_ADDRESSES_MAX = 10_000;

/** Tokens of the login's name that are looked at in one Cookie header: each costs 0.1 ms, and 600 fit in. */
export const LOGIN_TOKENS_ASKED_MAX = 32;

/** Login tokens whose signature was checked and need not be again; then all are checked anew. */
export const LOGIN_TOKENS_KNOWN_MAX = 1_000;
