// WebSockets in web style: says what it hears, and does as it is told.

import type { WebStyle } from "@kinode/process";

const VERSION = 0;

export default {
  websocket: {
    open(ws, { resumed }) {
      ws.data = 0;
      ws.send(`${resumed ? "resumed" : "opened"} ${ws.path} ${VERSION}`);
    },
    async message(ws, data) {
      if (data === "close") return ws.close(4001, "as you say");
      if (data === "throw") throw new Error("boom in message");
      if (data === "count") return ws.send(`count ${ws.data}`);
      if (data === "slow") await new Promise((resolve) => setTimeout(resolve, 20));
      ws.data = ws.data as number + 1;
      ws.send(data);
    },
    close(ws, code, reason) {
      console.log(`closed ${ws.path} ${code} ${reason}`);
    },
  },
} satisfies WebStyle;
