"""Talks with websocket_server.py at URL, CONNECTIONS at a time: websocket_client.py URL
CONNECTIONS [CA]. Ends with an error at the first surprise."""
import asyncio
import ssl
import sys

from websockets.asyncio.client import connect

url, count = sys.argv[1], int(sys.argv[2])
context = None
if len(sys.argv) > 3:
    context = ssl.create_default_context(cafile=sys.argv[3])


async def talk(n):
    async with connect(url, ssl=context, max_size=None, subprotocols=["chat"]) as connection:
        assert connection.subprotocol == "chat"
        for message in ["hello", "ü" * 1000, b"\x00" * 70_000, "", f"number {n}"]:
            await connection.send(message)
            answer = await connection.recv()
            assert answer == message, (len(answer), len(message))
        pong = await connection.ping()
        await pong


async def main():
    await asyncio.gather(*(talk(n) for n in range(count)))
    print("ok")


asyncio.run(asyncio.wait_for(main(), 25))
