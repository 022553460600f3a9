#!/usr/bin/env python3
"""The server that examples/ws_client.ts talks to: greets one client, prints its answer, ends.

    ./ws_server.py [PORT]

Port 0 takes any that is free; the line that it prints says which.
Needs the package websockets (Debian: python3-websockets), 10.4 or newer.
"""
import argparse
import asyncio

import websockets

PORT = 8765


async def serve(port):
    served = asyncio.Event()

    async def greet(websocket):
        try:
            await websocket.send("ack client connection")
            answer = await websocket.recv()
            print(f"Received response from client: {answer}", flush=True)
        finally:
            await websocket.close()
            served.set()

    async with websockets.serve(greet, "127.0.0.1", port) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"Server started at ws://localhost:{port}", flush=True)
        await served.wait()
        print("Shutting down server.", flush=True)


def main():
    arguments = argparse.ArgumentParser(description="Greets examples/ws_client.ts.")
    arguments.add_argument("port", nargs="?", type=int, default=PORT)
    asyncio.run(serve(arguments.parse_args().port))


if __name__ == "__main__":
    main()
