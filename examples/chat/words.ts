/** What chat.ts and history.ts say to each other, as JSON. */
export type ToHistory = "All" | { Add: string };
export type Lines = string[];

export const LINE_CHARS_MAX = 1_000;
export const LINES_MAX = 100;
