# SPDX-License-Identifier: Apache-2.0
"""The aiohttp peer: a chat room that keeps its own count for every client.

Compression is as aiohttp has it by default: on when the client offers it. It knows nothing of
fanfare. usage: server.py HOST
"""
import asyncio
import dataclasses
import json
import sys

from aiohttp import WSMsgType, web

TEXT = '{"type":"message.new","text":"buongiorno"} ' * 1700
BINARY = bytes((i * i * 5 + i) & 255 for i in range(70000))


@dataclasses.dataclass
class Client:
    """One connection; the counts are this server's own."""

    socket: web.WebSocketResponse
    peer: str
    via: str
    open: bool = True
    sent: int = 0
    received: int = 0
    pings: int = 0
    frames: int = 0
    hung_up: bool = False

    async def send(self, index: int, size: int) -> None:
        if index % 2:
            await self.socket.send_bytes(BINARY[:size])
        else:
            await self.socket.send_str(TEXT[:size])
        self.sent += 1
        self.frames += 1


clients: list[Client] = []


def open_clients() -> list[Client]:
    return [client for client in clients if client.open and not client.socket.closed]


async def chat(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    host, port = request.transport.get_extra_info("peername")[:2]
    client = Client(socket, f"{host}:{port}", request.headers.get("X-Client", ""))
    clients.append(client)
    await client.send(0, 200)
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            client.received += 1
    client.open = False
    return socket


async def broadcast(command: dict) -> None:
    for index, size in enumerate(command["sizes"]):
        for client in open_clients():
            await client.send(index, size)
        await asyncio.sleep(command["pause_ms"] / 1000)


async def ping(_: dict) -> None:
    for client in open_clients():
        await client.socket.ping(b"you there?")
        client.pings += 1


async def close(command: dict) -> None:
    for client in open_clients()[: command["count"]]:
        # With a reader in another task aiohttp closes TCP at once and hears no close in return.
        client.hung_up = True
        await client.socket.close()


async def report(_: dict) -> dict:
    hidden = ("socket",)
    return {"clients": [{k: v for k, v in vars(c).items() if k not in hidden} for c in clients]}


async def main(host: str) -> None:
    app = web.Application()
    app.router.add_get("/", chat)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    actions = {"broadcast": broadcast, "ping": ping, "close": close, "report": report}
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        if command["do"] == "quit":
            return
        answer = await actions[command["do"]](command) or {}
        print(json.dumps(answer), flush=True)


asyncio.run(main(sys.argv[1]))
