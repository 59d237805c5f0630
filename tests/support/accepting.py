"""Something that accepts connections where a test needs one that is no server of the project."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HOST: Final = "127.0.0.1"


@asynccontextmanager
async def accepting(serve: Serve) -> AsyncIterator[int]:
    """Serve each connection to a port that the kernel chooses, and yield that port.

    In the end all connections are closed, so that none is left to a loop that is closed. That they break is
    nothing that `serve` has to expect.
    """
    writers: list[asyncio.StreamWriter] = []
    serving: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        serving.add(cast("asyncio.Task[None]", asyncio.current_task()))
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)

    listening = await asyncio.start_server(accept, HOST, 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        # What was accepted just now is told to `accept` in turns of their own.
        for _ in range(3):
            await asyncio.sleep(0)
        for writer in writers:
            writer.transport.abort()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
