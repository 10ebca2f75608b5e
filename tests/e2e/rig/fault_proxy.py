"""A TCP proxy that fails as it is told: `fault_proxy.py PORT:PORT...`, each from the first port to the second.

Orders come line by line on standard input, each answered with `done`:

    pass         everything goes through
    latency S    what servers answer arrives S seconds later
    garbage      clients get bytes that are no answer
    hole         connections are taken, bytes too, and nothing ever comes back
    cut          open connections are reset, new ones as well
"""

import asyncio
import contextlib
import random
import socket
import struct
import sys

HOST = "127.0.0.1"
GARBAGE = [b"\x00\xff" * 64, b"$-7\r\n", b"*99999999999\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b":12x\r\n", b"+" * 9000]


class FaultProxy:
    def __init__(self):
        self.order, self.argument = "pass", 0.0
        self.open: set[asyncio.StreamWriter] = set()

    async def client(self, reader, writer, port: int) -> None:
        self.open.add(writer)
        try:
            if self.order == "cut":
                return
            there, back = await asyncio.open_connection(HOST, port)
            try:
                ends = [self.up(reader, back), self.down(there, writer)]
                tasks = [asyncio.ensure_future(end) for end in ends]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
            finally:
                back.close()
        except OSError:
            pass
        finally:
            self.open.discard(writer)
            reset(writer)

    async def up(self, reader, back) -> None:
        while octets := await read(reader):
            if self.order != "hole":
                back.write(octets)
                await back.drain()

    async def down(self, there, writer) -> None:
        # Delayed answers stay in order, and those behind don't wait for those before to be sent.
        queue: asyncio.Queue = asyncio.Queue()
        sender = asyncio.ensure_future(self.send(queue, writer))
        try:
            while octets := await read(there):
                wait = self.argument if self.order == "latency" else 0.0
                if self.order == "garbage":
                    octets = random.choice(GARBAGE)
                queue.put_nowait((asyncio.get_running_loop().time() + wait, octets))
        finally:
            sender.cancel()

    async def send(self, queue, writer) -> None:
        while True:
            due, octets = await queue.get()
            wait = due - asyncio.get_running_loop().time()
            if wait > 0:
                await asyncio.sleep(wait)
            if self.order != "hole":
                writer.write(octets)
                await writer.drain()

    def obey(self, line: str) -> None:
        self.order, _, argument = line.strip().partition(" ")
        self.argument = float(argument or 0)
        if self.order == "cut":
            for writer in list(self.open):
                reset(writer)


async def read(reader) -> bytes:
    try:
        return await reader.read(65536)
    except OSError:
        return b""


def reset(writer) -> None:
    """Closes with RST, as when the other end has gone away."""
    with contextlib.suppress(OSError, AttributeError):
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.close()


async def main() -> None:
    proxy = FaultProxy()
    for pair in sys.argv[1:]:
        port, behind = map(int, pair.split(":"))
        await asyncio.start_server(lambda r, w, behind=behind: proxy.client(r, w, behind), HOST, port)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print("ready", flush=True)
    while line := await orders.readline():
        proxy.obey(line.decode())
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
