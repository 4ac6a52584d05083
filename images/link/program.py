"""The only way in and out of a job's container, which has no network: two sockets of the machine's, passed on.

`program.py PORT` listens on 127.0.0.1:PORT, where the job expects its endpoint, and passes each connection on to
/gateway/gateway.sock; it listens on /link/inward.sock and passes each connection on to 127.0.0.1:8080, where a model
serves. /link/inward.sock comes last: once it is there, all is ready. It ends on SIGTERM, and by itself when nobody
answers behind /gateway/gateway.sock any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable

GATEWAY = "/gateway/gateway.sock"
INWARD = "/link/inward.sock"
SERVING = 8080
PIECE = 256 * 1024
BACKLOG = 1024
WATCH_SECONDS = 1.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


async def gateway() -> Streams:
    return await asyncio.open_unix_connection(GATEWAY, limit=PIECE)


async def serving() -> Streams:
    return await asyncio.open_connection("127.0.0.1", SERVING, limit=PIECE)


def passing_on(connect: Connect) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """What a listener does with each connection."""
    # asyncio holds a connection's task only as long as it reads from both sides: one that waits for an answer after
    # the question's end would be garbage, and the connection with it.
    held: set[asyncio.Task[None]] = set()

    def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(between(reader, writer, connect))
        held.add(task)
        task.add_done_callback(held.discard)

    return pass_on


async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connect: Connect) -> None:
    """Until both directions have ended, or one side is gone. A refused target ends the connection at once."""
    with contextlib.closing(writer), contextlib.suppress(OSError):
        answers, onward = await connect()
        with contextlib.closing(onward):
            await asyncio.gather(pour(reader, onward), pour(answers, writer))


async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """All that comes, and then its end, after which the other direction may go on."""
    while piece := await source.read(PIECE):
        sink.write(piece)
        await sink.drain()
    sink.write_eof()


async def watch() -> None:
    """Until nobody listens at the gateway's socket: the harness is gone."""
    while True:
        try:
            _, writer = await gateway()
        except OSError:
            return
        writer.close()
        await asyncio.sleep(WATCH_SECONDS)


async def main(port: int) -> None:
    # A container's first process has no default action for signals: without this, SIGTERM does nothing.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    # For the harness, which may be another user than the one in here.
    os.umask(0o111)
    await asyncio.start_server(passing_on(gateway), "127.0.0.1", port, limit=PIECE, backlog=BACKLOG)
    await asyncio.start_unix_server(passing_on(serving), INWARD, limit=PIECE, backlog=BACKLOG)
    await watch()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
