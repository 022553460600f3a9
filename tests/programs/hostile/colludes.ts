// Threat: a process that is asked by a victim, and tells the attacker under which id the victim waits; see forges.ts.
import { awaitMessage, Request, Response } from "@kinode/process";

export const config = { public: true, request_capabilities: ["forges:forges:template.os"] };

export async function init() {
  const asked = await awaitMessage();
  const { id } = (asked as unknown as { raw: { id: bigint } }).raw;
  const told = { id: String(id), victim: asked.source.toString() };
  Request.to("our@forges:forges:template.os").body(JSON.stringify(told)).send();
  await awaitMessage(); // The attacker has tried.
  Response.to(asked).body("true answer").send();
}
