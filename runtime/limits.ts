/** Every bound of the node, with its reason. What happens when one is reached stands at its use. The front door's own
 * stand with it (modules/http_server/front_door/limits.ts), for the person at the terminal sets them. */

/** As Kinode (http/server.rs:29): a request that a process does not answer ends with 408. */
export const HTTP_RESPONSE_SECONDS = 15;

/** Bodies are held whole in memory before the process sees them; beyond it 413. */
export const HTTP_BODY_BYTES_MAX = 16 * 1024 * 1024;

/** What a client may set it to for one request (spec/http.md §7.4): as Kinode in its simulation mode. */
export const HTTP_RESPONSE_SECONDS_MAX = 600;

/** A streaming binding gets a body up to this length whole, in the message itself: one crossing instead of two. */
export const HTTP_WHOLE_BODY_BYTES_MAX = 64 * 1024;

/** One piece of a streamed body, as Deno reads them; a process that sends a larger one is told no. */
export const HTTP_CHUNK_BYTES_MAX = 64 * 1024;

/** Requests of one process whose bodies stream, either way; beyond it 503. As many as may wait, halved. */
export const HTTP_STREAMS_PER_PROCESS_MAX = 5_000;

/** Pieces of one process's answers that their clients have not taken; beyond it the piece is refused. */
export const HTTP_STREAM_BYTES_PER_PROCESS_MAX = 64 * 1024 * 1024;

/** Whole answers from 1 MB on that their clients have not taken, of one package; beyond it 503. */
export const HTTP_UNTAKEN_BYTES_PER_PACKAGE_MAX = 256 * 1024 * 1024;

/** What waits for a client (a piece of an upload, room for a piece of an answer) may wait for a day. */
export const HTTP_STREAM_SECONDS = 86_400;

/** Requests waiting for processes, node-wide; beyond it 503. Two bodies of 16 kB each fit in 320 MB. */
export const HTTP_PENDING_MAX = 10_000;

/** Request bodies that are arriving, node-wide. Beyond it the oldest ends with 503 if it has come for so long, else the newest. */
export const HTTP_ARRIVING_BYTES_MAX = 256 * 1024 * 1024;
export const HTTP_ARRIVING_SECONDS = 10;

/** When the node stops: time for answers under way to leave (within SHUTDOWN_SECONDS). */
export const HTTP_CLOSE_SECONDS = 0.5;

/** The head of a request: beyond these 414 and 431. Deno itself gives up later, before a request is ours, and with
 * 400: at 65,535 characters of URL, 128 header lines, 64 KiB (Deno 2.9.6; 2.4.2 has 100 lines and 414, 431). */
export const HTTP_URL_CHARS_MAX = 16 * 1024;
export const HTTP_HEADERS_MAX = 100;
export const HTTP_HEADER_CHARS_MAX = 32 * 1024;

/** Header lines of a process's answer, and characters in them: from about 32,768 lines on Deno's server spins for ever. */
export const HTTP_RESPONSE_HEADERS_MAX = 256;
export const HTTP_RESPONSE_HEADER_CHARS_MAX = 64 * 1024;

/** The same as JSON, in which a character may take six. */
export const HTTP_RESPONSE_JSON_CHARS_MAX = 6 * HTTP_RESPONSE_HEADER_CHARS_MAX;

/** An answer to an injected message: each of its bytes is up to four characters of JSON, made at once. */
export const RPC_ANSWER_BYTES_MAX = 1024 * 1024;

/** An action's JSON, which is a path and some words; beyond it the action is refused unread. */
export const HTTP_ACTION_BYTES_MAX = 16 * 1024;

/** Bindings of one process, and what a package's cost: a loop that binds, or spawns, must not end with the node's memory. */
export const BINDINGS_PER_PROCESS_MAX = 10_000;
export const BINDING_BYTES_PER_PACKAGE_MAX = 64 * 1024 * 1024;

/** Characters of one bound path, and its `/`- and `.`-separated segments: each costs memory until the node stops. */
export const BOUND_PATH_CHARS_MAX = 2_048;
export const BOUND_PATH_SEGMENTS_MAX = 64;

/** Steps in matching one request path, about 1 ms: wildcards that a hostile process binds must not stop the node. */
export const PATH_MATCH_STEPS_MAX = 10_000;

/** Bytes of static content (`cache: true`) that one process, and those of its package with it, may have bound. */
export const STATIC_BYTES_PER_PROCESS_MAX = 64 * 1024 * 1024;
export const STATIC_BYTES_PER_PACKAGE_MAX = 256 * 1024 * 1024;

/** Static content up to this size stays in memory; larger content is read from the disk each time. */
export const STATIC_MEMORY_BYTES_MAX = 1024 * 1024;

/** Read from the disk at once while such content is sent. */
export const STATIC_FILE_CHUNK_BYTES = 256 * 1024;

/** Kinode has 128; design.md and issue "The HTTP server, whole" ask for 10,000 on Deno. */
export const CHANNELS_MAX = 10_000;

/** A client that has not answered our close frame by then is not waited for: its process hears 1006. */
export const WS_CLOSE_SECONDS = 5;

/** As tungstenite's default, which Kinode uses: larger messages end the channel. */
export const WS_MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes queued in one socket before its reader counts as too slow and the channel is closed. */
export const WS_BUFFERED_BYTES_MAX = 16 * 1024 * 1024;

/** RFC 6455 §5.5: control frames carry at most 125 bytes. */
export const WS_CONTROL_BYTES_MAX = 125;

/** Outbound requests under way per process; beyond it the request is refused with an error. */
export const CLIENT_REQUESTS_PER_PROCESS_MAX = 1_000;

/** A response body larger than this is not buffered for a process. */
export const CLIENT_BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Outbound WebSockets of one process. */
export const CLIENT_CHANNELS_PER_PROCESS_MAX = 1_000;

/** Bytes that http_client holds for one process: bodies that it sends and bodies that it collects. */
export const CLIENT_BYTES_PER_PROCESS_MAX = 256 * 1024 * 1024;

/** An outbound request for whose answer nobody waits ends after this long: nothing may run for ever. */
export const CLIENT_REQUEST_SECONDS = 600;

/** What still runs this long after its requester got a SendError is ended: its answer would be dropped. */
export const CLIENT_GRACE_SECONDS = 1;

/** How long a peer may take to answer our close frame (RFC 6455 §7.1.1) before its connection is cut. */
export const CLIENT_CLOSE_SECONDS = 5;

/** An action's JSON, which is a URL and headers: kept as long as its request runs, a thousand at a time. */
export const CLIENT_ACTION_BYTES_MAX = 64 * 1024;

/** While a process takes no messages, its sockets wait and try again at least this often. */
export const CLIENT_RETRY_MS_MAX = 100;

/** The head of a WebSocket server's answer; Node's servers send at most as much. */
export const CLIENT_HANDSHAKE_BYTES_MAX = 16 * 1024;

/** Of a transport error's text: a URL in it may be as long as a message. */
export const CLIENT_ERROR_CHARS_MAX = 2_000;

/** Redirects followed by http_client, as browsers do (Kinode follows 10). */
export const CLIENT_REDIRECTS_MAX = 20;

/** A script's `fetch` has no timeout of its own; browsers give up after as long. */
export const FETCH_SECONDS = 300;

/** Messages handed to a process and not yet taken. Kinode blocks its loop at 100; we refuse with `queue-full`. */
export const INBOX_MESSAGES_MAX = 10_000;

/** Bytes in bodies and blobs of those messages. */
export const INBOX_BYTES_MAX = 128 * 1024 * 1024;

/** Requests of one process that still wait for their response. */
export const OUTSTANDING_PER_PROCESS_MAX = 10_000;

/** Body plus blob of one message: the largest WebSocket message, and JSON around it. */
export const MESSAGE_BYTES_MAX = 65 * 1024 * 1024;

/** By convention metadata is a little JSON; what is large belongs into body or blob, which cross in pieces. */
export const METADATA_CHARS_MAX = 1024 * 1024;

/**
 * Messages in one post from a worker: the kernel's thread reads a post as a whole, in a millisecond or two. A larger one
 * ends the process (its library never makes one).
 */
export const BATCH_MESSAGES_MAX = 512;

/** And bytes, or one message: a buffer that is as small comes out of memory that was there before, a larger one is new. */
export const BATCH_BYTES_MAX = 64 * 1024;

/** Of a turn of the kernel's thread, what one process's frames may take; a step that takes longer is not cut short. */
export const KERNEL_TURN_MS = 1;

/** Of the kernel's thread, in all, while others are about: whoever has had more than a burst gives way (bench/RESULTS.md). */
export const KERNEL_SHARE = 0.25;
export const KERNEL_BURST_MS = 10;

/** Frames of one process that wait for their turn: beyond what its library sends without credit, it is ended. */
export const FRAMES_WAITING_MAX = 8_192;

/**
 * What a process may have sent and the kernel has not routed: the rest waits in the process (process/outbox.ts).
 * Two posts; more makes nothing faster (bench/messages.ts), and would fill the kernel's memory and keep it from its sockets.
 */
export const POSTS_UNDER_WAY_MAX = 64;
export const FRAMES_UNDER_WAY_MAX = 1_024;
export const BYTES_UNDER_WAY_MAX = 2 * 1024 * 1024;

/** What may wait in the process for credit; beyond it sending throws. As much as one inbox may hold, in bytes. */
export const OUTBOX_FRAMES_MAX = 50_000;
export const OUTBOX_BYTES_MAX = 128 * 1024 * 1024;

/** Heap of one process, in MB (design.md §6). */
export const PROCESS_HEAP_MB = 128;

/** Booted workers that wait for a process (design.md §4: starting one takes 500 ms). */
export const SPARE_WORKERS = 2;

/** Workers that boot at a time: each waits half a second, and uses 35 ms of CPU and 9 MB. More would only wait. */
export const BOOTING_WORKERS_MAX = 12;

/** Between the ends of two workers: 120 at once kept the kernel's thread waiting for 10 s, on a lock of V8's. */
export const WORKER_END_PAUSE_MS = 50;

/** Longest pause between two restarts of a crashing process. */
export const RESTART_PAUSE_SECONDS_MAX = 60;

/** A process that lived this long counts as healthy: its restart counter begins anew. */
export const RESTART_HEALTHY_SECONDS = 60;

/** Characters of one print; the rest is cut off and counted. */
export const PRINT_CHARS_MAX = 64 * 1024;

/** Node-wide deadline between SIGTERM and exit (issue "The main job": within 2 s). */
export const SHUTDOWN_SECONDS = 1.5;

/** Scripts of one folder; the rest is reported and not started. Issue "Drop a script" asks for 1,000. */
export const SCRIPTS_MAX = 2_000;

/** All files of one script together: they pass through esbuild's memory and V8's several times. */
export const SOURCE_BYTES_MAX = 16 * 1024 * 1024;

/** A zip in the processes folder: it is read whole, on every change. */
export const ARCHIVE_BYTES_MAX = 32 * 1024 * 1024;

/** Files and folders in a zip: a package with a large node_modules has some thousands. */
export const ARCHIVE_ENTRIES_MAX = 20_000;

/** What a zip says that it unpacks to; only what a script imports is ever unpacked. */
export const ARCHIVE_UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

/** Deflate reaches 1,032; text that people write stays below 20. Small files may be as dense as they like. */
export const ARCHIVE_RATIO_MAX = 200;
export const ARCHIVE_RATIO_FREE_BYTES = 1024 * 1024;

/** A manifest.json, metadata.json, grants.json or deno.json. */
export const MANIFEST_BYTES_MAX = 256 * 1024;

/** Processes of one package, with those that it spawns: each costs 9 MB by itself, and a child may spawn as well. */
export const PACKAGE_PROCESSES_MAX = 128;

/** A finished bundle. It travels as a data: URL, a third longer, and is parsed before anything runs. */
export const BUNDLE_BYTES_MAX = 16 * 1024 * 1024;

/** Bundling one script; beyond it esbuild is ended and the script is reported. A cold start takes 1 s. */
export const BUNDLE_SECONDS_MAX = 60;

/** Memory that esbuild takes for one script, and its WebAssembly would take 4 GB: typescript.js, 9 MB, takes 306. */
export const BUNDLE_MEMORY_MB_MAX = 1024;

/** A bundle's source map: that of minified code is two to three times as large; reading 12 MB takes the kernel 0.1 s, once. */
export const BUNDLE_MAP_BYTES_MAX = 16 * 1024 * 1024;

/** A file with a `config`: it is parsed in JavaScript, which takes 200 times its size. */
export const CONFIG_FILE_BYTES_MAX = 1024 * 1024;

/** Capabilities that one process may hold, and that it may have seen on messages and not saved yet; and their text. */
export const CAPABILITIES_PER_PROCESS_MAX = 10_000;
export const CAPABILITY_CHARS_PER_PROCESS_MAX = 1024 * 1024;

/** Host calls (state, spawn, capabilities) of one process that are not answered yet. */
export const HOST_CALLS_MAX = 1_000;

/** Of these, spawns that are under way; the others wait, and are forgotten when it ends. */
export const SPAWNS_UNDER_WAY_MAX = 4;

/** Prints of one process in a second; the rest is counted and dropped, or they would fill the disk. */
export const PRINTS_PER_SECOND_MAX = 1_000;

/** A process that takes no message for so long, although some wait, is reported, again and again. */
export const UNRESPONSIVE_SECONDS = 30;

/** CPU time of a process on one message, unless its config says otherwise: as Cloudflare's Workers. Then it is ended. */
export const CPU_SECONDS = 30;

/** Over which `cpu_share` is averaged: a page that takes a second to make is no misuse. */
export const CPU_SHARE_SECONDS = 10;

/** From the first statement of a script to the end of its top level; then it is ended. */
export const START_SECONDS = 30;

/** Beside its heap a process holds what waits in its queue (INBOX_BYTES_MAX), and may hold as much as its heap more. */
export const BUFFERS_EXTRA_MB = 128;

/**
 * Operations of `crypto.subtle` that one process has running: they use threads that nobody can stop. The hardest that
 * is let through takes some seconds. OWASP asks for 600,000 iterations (PBKDF2-HMAC-SHA256); beyond 4,096 bits an RSA
 * key takes minutes; lengths are in bits, of keys and of what is derived.
 */
export const CRYPTO_AT_ONCE_MAX = 4;
export const PBKDF2_ITERATIONS_MAX = 2_000_000;
export const RSA_BITS_MAX = 4_096;
export const CRYPTO_LENGTH_MAX = 1_024;

/** Memories and instances of WebAssembly that a process has alive: each reserves 10 GB of 128,000 GB of addresses. */
export const WASM_MEMORIES_MAX = 256;
