#!/usr/bin/env python3
"""A WebSocket server on a free port of loopback for clients under test; prints the port.

    ./ws_server.py

By path: /talk echoes what it gets, says how it was asked, then `you go`; /closes echoes once and closes with 4000; /slow takes
half a second over the handshake; /large sends a megabyte; /echo echoes until the end.
Needs the package websockets (Debian: python3-websockets), 10.4 or newer.
"""
import asyncio
import sys

import websockets


async def serve(websocket, path):
    if path == "/talk":
        for _ in range(2):
            await websocket.send(await websocket.recv())
        await websocket.ping(b"beat")
        await websocket.send(websocket.request_headers.get("x-from", "nobody"))
        await websocket.send(["in ", "three ", "frames"])
        await websocket.send("you go")
        await websocket.wait_closed()
        print(f"closed {websocket.close_code} {websocket.close_reason}", flush=True)
    elif path == "/closes":
        await websocket.send(await websocket.recv())
        await websocket.close(4000, "that was all")
    elif path == "/large":
        await websocket.send("x" * 1_000_000)
        await websocket.close(1000)
    else:
        async for message in websocket:
            await websocket.send(message)


async def before(path, headers):
    if path == "/slow":
        await asyncio.sleep(0.5)
    if path == "/refused":
        return 403, [], b"no\n"


async def main():
    options = {"subprotocols": ["chat"], "process_request": before, "max_queue": None}
    async with websockets.serve(serve, "127.0.0.1", 0, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
