/**
 * MessagePack, the bytes that extensions speak (see `WebSocketExtPushOutgoing`). Whole numbers above 2^53 come back as `bigint`.
 *
 * ```ts
 * import { msgpack } from "@kinode/process";
 *
 * msgpack.decode(msgpack.encode({ hello: "you" })); // { hello: "you" }
 * ```
 *
 * @module
 */
export { decode, encode, type ValueType } from "@std/msgpack";
