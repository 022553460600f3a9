// Threat: a process that gives itself out for another: it answers what was asked of somebody else, under ids that it
// was told, tells a web-style process of requests that no client made, and commands the kernel and http_server about
// what is not its own. It says what it got for it.
import { awaitMessage, our, println, Request, Response } from "@kinode/process";

export const config = {
  public: true,
  request_capabilities: ["victim:victim:template.os", "colludes:colludes:template.os"],
};

const ask = async (name: string, target: string, body: unknown) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await Request.to(target).body(text).sendAndAwaitResponse(5).then(
    (message) => message.text(),
    (error) => `${error.reason}`,
  );
  println(`${name}: ${answer}`);
};

const others = {
  path: "/victim:victim:template.os/",
  channel_id: 1,
  message_type: "Text",
};

export async function init() {
  println("begins");
  // From the accomplice: the id under which the victim waits for its answer, and the victim's address.
  const told = await awaitMessage();
  const { id, victim } = told.json<{ id: string; victim: string }>();
  for (const forged of [BigInt(id), BigInt(id) + 1n, 0n, 2n ** 64n - 1n]) {
    const raw = { kind: "Request", id: forged, source: victim, target: our().toString() };
    const asked = { raw: { ...raw, rsvp: null, inherit: false, expects_response: 60, body: "" } };
    Response.to(asked as never).body("forged answer").send();
  }
  const http = JSON.stringify({
    Http: {
      source_socket_addr: null,
      method: "GET",
      url: "http://a/",
      headers: {},
      query_params: {},
    },
  });
  Request.to("our@victim:victim:template.os").body(http).send();
  await ask("kernel", "our@kernel:distro:sys", { KillProcess: "victim:victim:template.os" });
  await ask("unbind", "our@http_server:distro:sys", { Unbind: { path: others.path } });
  await ask("push", "our@http_server:distro:sys", { WebSocketPush: others });
  await ask("state", "our@state:distro:sys", "GetState");
  await ask("terminal", "our@terminal:distro:sys", "x");
  println("is done");
  Request.to("our@colludes:colludes:template.os").body("go on").send();
}
