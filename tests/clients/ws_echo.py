#!/usr/bin/env python3
"""Sends numbers to an echoing WebSocket server at a steady pace, until its standard input ends.

    ./ws_echo.py URL MESSAGES_PER_SECOND

Prints `connected`, and at the end one line of JSON: how many were sent, what came back that was not asked for
(`notes`), and the numbers that came back, if they are not just those that were sent, in order (`wrong`).
Needs the package websockets (Debian: python3-websockets), 10.4 or newer.
"""
import asyncio
import json
import sys

import websockets

ECHO_SECONDS = 20


async def send(websocket, per_second, stop):
    loop = asyncio.get_running_loop()
    start, sent = loop.time(), 0
    while not stop.is_set():
        await websocket.send(str(sent))
        sent += 1
        await asyncio.sleep(max(0, start + sent / per_second - loop.time()))
    await websocket.send("last")
    return sent


async def hear(websocket, numbers, notes):
    async for message in websocket:
        if message == "last":
            return
        if message.isdigit():
            numbers.append(int(message))
        else:
            notes.append(message)


async def main(url, per_second):
    numbers, notes, stop = [], [], asyncio.Event()
    async with websockets.connect(url, ping_interval=None) as websocket:
        print("connected", flush=True)
        hearing = asyncio.create_task(hear(websocket, numbers, notes))
        sending = asyncio.create_task(send(websocket, per_second, stop))
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.read)
        stop.set()
        sent = await sending
        try:
            await asyncio.wait_for(hearing, ECHO_SECONDS)
        except asyncio.TimeoutError:
            notes.append("the last echo is missing")
    wrong = [] if numbers == list(range(sent)) else numbers
    print(json.dumps({"sent": sent, "notes": notes, "wrong": wrong}), flush=True)


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
