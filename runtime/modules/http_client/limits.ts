/** Bounds of the way out, with their reasons; those that a process meets are in runtime/limits.ts. */

/** Until a server accepts. */
export const CLIENT_CONNECT_SECONDS = 30;

/** How long one address of a server is tried alone, before the next is tried beside it (RFC 8305 §8). */
export const CLIENT_HEAD_START_MS = 250;

/** Names that are looked up at a time; the others wait. The system's threads for it are the whole node's. */
export const CLIENT_LOOKUPS_MAX = 64;

/** Pools of connections, one per policy and HTTP version; the oldest is closed for a new one. */
export const CLIENT_POOLS_MAX = 1_000;

/**
 * Connections that are kept for the next request: of one host, and for how long. How many hosts there are is bounded by
 * nothing else, and each costs descriptors.
 */
export const CLIENT_IDLE_PER_HOST_MAX = 64;
export const CLIENT_IDLE_SECONDS = 15;

/**
 * Connections of all processes together, where the system lets the node have enough descriptors: what one costs, where it
 * leads through the tunnel to this node itself, and what all else may need.
 */
export const CONNECTIONS_MAX = 4_000;
export const DESCRIPTORS_PER_CONNECTION = 8;
export const DESCRIPTORS_RESERVED = 1_000;

/** Requests that begin within so many milliseconds; the next wait until all sockets had their turn (RESULTS.md, "Floods"). */
export const CLIENT_BEGIN_MAX = 32;
export const CLIENT_BEGIN_MS = 1;

/** Who connects to the tunnel has so long to say a secret, and so many may be about to. */
export const CLIENT_TUNNEL_SECONDS = 10;
export const CLIENT_TUNNEL_GREETINGS_MAX = 1_000;

/** An answer of at most as many bytes comes whole, with its head; a larger one, or of unknown size, piece by piece. */
export const CLIENT_WHOLE_BYTES_MAX = 64 * 1024;

/** An answer that a script does not read, and does not cancel, holds a connection so long. */
export const CLIENT_UNREAD_SECONDS = 300;

/** So long a new version of a process may take to ask for the WebSockets of the one before. */
export const CLIENT_HELD_SECONDS = 5;
