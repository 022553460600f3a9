// The five recipes of the seed, step by step as spec/http.md §6 lists them, against real clients.
import "./recipes_http.ts";
import "./recipes_ws.ts";
import "./recipes_reply.ts";
