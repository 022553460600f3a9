// Sends every message back as it came.

export default {
  websocket: {
    message(ws: { send(data: string | Uint8Array): void }, data: string | Uint8Array) {
      ws.send(data);
    },
  },
};
