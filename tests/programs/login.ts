// Paths behind a login: `/own` wants the node's cookie, `/secure` that of its own subdomain.
import { awaitMessage, http } from "@kinode/process";

export async function init() {
  await http.bindHttpPath("/own", true, false);
  await http.bindHttpPath("/open", false, false);
  await http.secureBindHttpPath("/secure");
  await http.bindWsPath("/ws", true, false);
  while (true) {
    const message = await awaitMessage();
    if (message.source.process !== "http_server:distro:sys") continue;
    const request = http.HttpServerRequest.parse(message);
    if (!("Http" in request)) continue;
    const body = `<title>Inside</title>${request.Http.method} ${request.Http.path}`;
    http.sendResponse(200, { "content-type": "text/html" }, body);
  }
}
