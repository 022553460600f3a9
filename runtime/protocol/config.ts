import { object, type Of, oneOf, optional } from "./serde.ts";

/** What happens when a process returns or crashes (spec/kernel.md §3.5): it is gone, or it is started anew. */
export const OnExit = oneOf("None", "Restart");
export type OnExit = Of<typeof OnExit>;

/** The `config` export of a script. */
export const Config = object({ on_exit: optional(OnExit) });
export type Config = Of<typeof Config>;
