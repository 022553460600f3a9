/**
 * The login page. It turns the password into its hash (Argon2id) in the browser, so that the password itself never
 * travels, and posts that to `/login`. What it shows comes in as JSON, never as HTML.
 */

/** What the page must know. */
export interface PageFacts {
  node: string;
  /** The process that a secure subdomain belongs to, else `null`. */
  subdomain: string | null;
  /** `setup`: choose the first password; `any`: a fake node, which takes every password; `in`: logged in. */
  mode: "setup" | "login" | "any" | "in";
  /** Where to go afterwards: a path of this node, or `null` for the same one again. */
  next: string | null;
}

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f4f4f2; color: #222 }
main { max-width: 22rem; margin: 15vh auto; padding: 2rem; background: #fff; border-radius: .5rem }
h1 { font-size: 1.2rem; margin: 0 0 1rem; overflow-wrap: anywhere }
label { display: block; margin: 1rem 0 .25rem }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem }
button { margin-top: 1.5rem; cursor: pointer }
#said { min-height: 1.5em; margin: 1rem 0 0 }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } main { background: #242424 } }
`;

/** Argon2id as Kinode's own page computes it: salt is the node's name, 2 passes over 19 MiB, 32 bytes. */
const SCRIPT = `
import { argon2idAsync } from "/login/argon2.js";
const facts = JSON.parse(document.getElementById("facts").textContent);
const form = document.querySelector("form");
const said = document.getElementById("said");
const again = document.getElementById("again");
if (facts.mode !== "setup") document.getElementById("repeat").remove();
const say = (text) => said.textContent = text;
if (facts.mode === "in") {
  say("You are logged in.");
  for (const part of form.querySelectorAll("label, input")) part.remove();
}
if (facts.mode === "any") say("This node is a fake one: any password will do.");
if (facts.mode === "setup") say("This is the node's first start: choose its password, 12 characters or more.");
const setup = new URLSearchParams(location.hash.slice(1)).get("setup");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (facts.mode === "in") {
    await fetch("/logout", { method: "POST" });
    return location.reload();
  }
  const password = form.elements.password.value;
  if (facts.mode === "setup" && password.length < 12) return say("Too short: 12 characters or more.");
  if (facts.mode === "setup" && password !== again.value) return say("The two are not the same.");
  form.elements.go.disabled = true;
  say("One moment ...");
  try {
    const options = { t: 2, m: 19456, p: 1, dkLen: 32 };
    const hash = facts.mode === "any" ? new Uint8Array(32) : await argon2idAsync(password, facts.node, options);
    const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const body = JSON.stringify({ password_hash: "0x" + hex, subdomain: facts.subdomain, setup });
    const response = await fetch("/login", { method: "POST", headers: { "content-type": "application/json" }, body });
    if (response.ok) {
      if (facts.next === null) location.reload();
      else location.replace(facts.next);
      return;
    }
    if (response.status === 401) say("Wrong password.");
    else say(await response.json());
  } catch (error) {
    say("That did not work: " + error.message);
  }
  form.elements.go.disabled = false;
});
// Before this, a press would do nothing and say nothing.
form.elements.go.disabled = false;
`;

const BUTTONS = { setup: "Set password", login: "Log in", any: "Log in", in: "Log out" };

/** The page as a response with `status`; `extra` headers are added. */
export function loginPage(facts: PageFacts): Response {
  const nonce = crypto.randomUUID();
  const json = JSON.stringify(facts).replaceAll("<", "\\u003c");
  const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Log in to ${escapeHtml(facts.node)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(facts.node)}</h1>
<form>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" autofocus required>
<div id="repeat"><label for="again">Once more</label>
<input id="again" type="password" autocomplete="new-password"></div>
<button name="go" disabled>${BUTTONS[facts.mode]}</button>
</form>
<p id="said" role="status"></p>
<noscript>Logging in needs JavaScript: the password is hashed here and never sent.</noscript>
</main>
<script id="facts" type="application/json" nonce="${nonce}">${json}</script>
<script type="module" nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; script-src 'self' 'nonce-${nonce}'; ` +
        `style-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; ` +
        `frame-ancestors 'none'`,
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    },
  });
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ESCAPES[char]!);
}
