#!/usr/bin/env python3
"""Talks to an echoing WebSocket server in every way that a client can; prints what came back, as JSON.

    ./ws_talk.py URL

Needs the package websockets (Debian: python3-websockets), 10.4 or newer.
"""
import asyncio
import json
import sys

import websockets
from websockets.exceptions import ConnectionClosed


async def fragments():
    for part in ("in ", "three ", "frames"):
        yield part


async def main(url):
    said = {}
    async with websockets.connect(url, ping_interval=None) as websocket:
        said["greeting"] = await websocket.recv()
        await websocket.send("text: ü")
        said["text"] = await websocket.recv()
        await websocket.send(bytes([0, 255]))
        said["binary"] = list(await websocket.recv())
        await websocket.send(fragments())
        said["fragments"] = await websocket.recv()
        await asyncio.wait_for(await websocket.ping(b"beat"), 10)
        said["pong"] = True
        await websocket.send("x" * 1_000_000)
        said["large"] = len(await websocket.recv())
        said["extensions"] = [extension.name for extension in websocket.extensions]
        await websocket.close(4000, "bye")
        said["closed"] = [websocket.close_code, websocket.close_reason]
    async with websockets.connect(url, ping_interval=None) as websocket:
        await websocket.recv()
        await websocket.send("close")
        try:
            await websocket.recv()
        except ConnectionClosed:
            said["told"] = [websocket.close_code, websocket.close_reason]
    print(json.dumps(said), flush=True)


asyncio.run(main(sys.argv[1]))
