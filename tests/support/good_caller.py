"""Sends, one after the other, in a process of its own, and says how long it had to wait.

`python -m tests.support.good_caller HOST:PORT ROOT` prints "ready" once it has sent, and when its input ends
how many milliseconds the sends took: the median, and the longest.
"""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from tests.support import tokens
from tests.support.http2.call import Call, Status
from tests.support.http2.connection import Connection
from tests.support.http2.trust import trusting
from tests.support.http2.unary import SEND
from tests.support.processes import TIMEOUT
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

_ROOT: Final = Path(__file__).parents[2]

#: The pause between two sends, in seconds.
_PAUSE: Final = 0.01


class Waits(NamedTuple):
    """How long sends took, in milliseconds."""

    median: float
    longest: float


class GoodCaller:
    """A caller that runs; `waits` are there once it has ended."""

    def __init__(self) -> None:
        self.waits: Waits


@asynccontextmanager
async def good_caller(address: str, root: Path) -> AsyncIterator[GoodCaller]:
    """Run a caller of the server at HOST:PORT inside the context, on a connection that is open before."""
    command = (sys.executable, "-m", "tests.support.good_caller", address, str(root))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=_ROOT)
    assert process.stdout is not None
    caller = GoodCaller()
    try:
        async with asyncio.timeout(TIMEOUT):
            assert (await process.stdout.readline()) == b"ready\n"
        yield caller
    finally:
        assert process.stdin is not None
        process.stdin.close()
        told, _ = await process.communicate()
    caller.waits = Waits(*map(float, told.split()))


async def _run(address: str, root: str) -> None:
    connection = await Connection.open(address, tls=trusting(Path(root).read_bytes()))
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    took = [await _send(connection)]
    print("ready", flush=True)  # noqa: T201  it is read from the standard output
    while not ended.done():
        took.append(await _send(connection))
        await asyncio.sleep(_PAUSE)
    print(median(took), max(took))  # noqa: T201


async def _send(connection: Connection) -> float:
    content = notification_pb2.Payload(visual_content=notification_pb2.VisualContent(title="Hello"))
    body = pb.SendNotificationRequest(user_id="somebody-else", payload=content).SerializeToString()
    ended: asyncio.Future[Status] = asyncio.get_running_loop().create_future()
    began = time.perf_counter()
    connection.ask(SEND.path, tokens.publisher(), body, Call(lambda _: None, ended.set_result))
    status = await ended
    assert status.code == "OK", status
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    asyncio.run(_run(*sys.argv[1:]))
