"""The placement of the service that this market replaces: it blocks the loop of its one worker for
half a second an order, and loses one in ten. `python3 predecessor.py PORT`"""

import asyncio
import json
import random
import sys
import time

placed = 0
stored = 0


class OrderPlacementError(Exception):
    pass


def place_order():
    if random.random() >= 0.9:
        raise OrderPlacementError("Failed to place order at stock exchange.")
    time.sleep(0.5)


async def answer(method):
    global placed, stored
    if method == "GET":
        return 200, {"stored": stored, "placed": placed}
    stored += 1
    try:
        place_order()
        placed += 1
    except OrderPlacementError:
        pass
    return 201, {"data": {"id": stored}, "success": True, "version": "0.0"}


async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode("ascii").split("\r\n")
            lengths = [line.split(":")[1] for line in lines if line.lower().startswith("content-length:")]
            await reader.readexactly(int(lengths[0]) if lengths else 0)
            status, said = await answer(lines[0].split(" ")[0])
            body = json.dumps(said).encode("ascii")
            writer.write(b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
