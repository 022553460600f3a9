import { assertEquals } from "@std/assert";
import { placeOf } from "./place.ts";

const CODE = `var same = () => 1;
var other = () => 1;
export default { async fetch(request) {
  return 1;
} };
`;

Deno.test("placeOf() finds a function's text in the bundle, if it is there once", async () => {
  const { default: style } = await import(`data:text/javascript,${encodeURIComponent(CODE)}`);
  assertEquals(placeOf(style.fetch, CODE), "data:text/javascript:3:18");
  assertEquals(placeOf(style.fetch.bind(style), CODE), null);
  assertEquals(placeOf(() => 1, CODE), null);
  assertEquals(placeOf(new Proxy(() => 1, {}), CODE), null);
  assertEquals(placeOf("fetch", CODE), null);
});
