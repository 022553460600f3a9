#!/usr/bin/env python3
"""Talks to examples/ws_server.ts: hears its greeting, says hello, leaves.

    ./ws_client.py [--clean-close] [URL]

It leaves by ending, without a word to the server; with --clean-close it closes the WebSocket first.
Needs the package websockets (Debian: python3-websockets), 10.4 or newer.
"""
import argparse
import asyncio

import websockets
from websockets.exceptions import ConnectionClosedError, InvalidHandshake, InvalidURI

URL = "ws://localhost:8080/ws_server:ws_server:template.os"
TRIES = 5
PAUSE_SECONDS = 0.5
# How long websockets 10 lingers at the end of a program that has not closed; by default 10 s.
LINGER_SECONDS = 1

# No WebSocket there (yet), or one that was gone at once.
RETRY = (InvalidHandshake, InvalidURI, ConnectionClosedError)


async def connect(url):
    """The process may still be starting, so a refusal is not the last word."""
    for _ in range(TRIES):
        try:
            return await websockets.connect(url, ping_interval=None, close_timeout=LINGER_SECONDS)
        except RETRY:
            await asyncio.sleep(PAUSE_SECONDS)
    raise Exception("Max retries exceeded, unable to connect.")


async def talk(url, clean_close):
    websocket = await connect(url)
    greeting = await websocket.recv()
    print(f"Received from server: {greeting}")

    reply = "Hello from client"
    await websocket.send(reply)
    print(f"Sent to server: {reply}")

    closing = websocket.close()
    if clean_close:
        await closing


def main():
    arguments = argparse.ArgumentParser(description="Talks to examples/ws_server.ts.")
    arguments.add_argument("url", nargs="?", default=URL)
    arguments.add_argument("--clean-close", action="store_true", help="send a close frame")
    given = arguments.parse_args()
    asyncio.run(talk(given.url, given.clean_close))


if __name__ == "__main__":
    main()
