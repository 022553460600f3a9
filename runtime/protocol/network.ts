/** Where a process may call out to: the `network` field of a script's config and of a manifest's entry. */
import { anything, converted } from "./serde.ts";

/**
 * `"none"`: nowhere. `"public"`: the internet. `"local"`: loopback and private ranges as well. `"all"`: every
 * address, link-local and the metadata services of clouds among them. A list: only there, by name
 * (`"api.example.org"`), by names below one (`"*.example.org"`), by address, each with or without `":port"`.
 */
export type NetworkPolicy = "none" | "public" | "local" | "all" | readonly string[];

const WORDS: readonly unknown[] = ["none", "public", "local", "all"];
const PLACES_MAX = 100;
const PLACE_CHARS_MAX = 260;
const PLACE =
  /^((\*\.)?[\w-]+(\.[\w-]+)*\.?|\[[\da-f:.]+\])(:\d{1,5})?$|^[\da-f]*:[\da-f:.]*:[\da-f.]*$/i;

export const NetworkPolicy = converted(anything, (json): NetworkPolicy => {
  if (WORDS.includes(json)) return json as NetworkPolicy;
  if (!Array.isArray(json) || json.length > PLACES_MAX) {
    throw new TypeError(
      `expected "none", "public", "local", "all" or a list of at most ${PLACES_MAX} hosts`,
    );
  }
  for (const place of json) {
    if (typeof place === "string" && place.length <= PLACE_CHARS_MAX && PLACE.test(place)) continue;
    throw new TypeError(
      `expected hosts as in "api.example.org", "*.example.org" or "localhost:3000", not ${
        JSON.stringify(place)
      }`,
    );
  }
  return json as string[];
});
