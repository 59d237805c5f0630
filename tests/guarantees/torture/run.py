"""One run: a world on a real server that has bad days, and what its clients recorded of it."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final

from tests.guarantees.torture.world import World
from tests.support.processes import TESTERS, Environment, ServerProcess, serving
from unisono.verify.history import History
from unisono.verify.recording import Recorder, steady_clock

#: What a server is ended by. Most often by what leaves it no time.
ENDS: Final = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)

USERS: Final = 3

NOTHING: Final[Environment] = {}

#: How long traffic flows between two ends at most, and how long a server may stand still, in seconds.
CALM, STILL = 0.6, 0.5


class Server:
    """A server on one file and one port, which is started again after each end."""

    def __init__(self, store: Path, recorder: Recorder, env: Environment) -> None:
        self.address = "127.0.0.1:0"
        self._store = store
        self._recorder = recorder
        self._env = {**TESTERS, **env}
        self._processes = ExitStack()
        self._process: ServerProcess | None = None

    async def start(self) -> None:
        again = ("--listen", self.address)
        served = serving(self._store, *again, env=self._env)
        process = await asyncio.to_thread(self._processes.enter_context, served)
        self._process, self.address = process, process.address
        self._recorder.note("SERVING")

    async def end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._recorder.note(number.name)
        self._process.signal(number)
        await asyncio.to_thread(self._process.ended)

    async def stand_still(self, seconds: float) -> None:
        """As on a machine that has no time for it."""
        assert self._process is not None
        self._recorder.note("SIGSTOP")
        self._process.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self._process.signal(signal.SIGCONT)

    async def close(self) -> None:
        await asyncio.to_thread(self._processes.close)


async def run(
    folder: Path,
    *,
    seed: int,
    ends: int,
    env: Environment = NOTHING,
    ended: Callable[[], None] = lambda: None,
) -> History:
    """What the clients of a server recorded that ended so many times under their traffic.

    `env` is added to the environment of the server; `ended` is called each time.
    """
    random, recorder = Random(seed), Recorder(steady_clock())  # noqa: S311
    server = Server(folder / "unisono.db", recorder, env)
    try:
        await server.start()
        async with World(server.address, recorder, random, users=USERS) as world:
            await world.live()
            world.begin()
            for _ in range(ends):
                await asyncio.sleep(random.uniform(0, CALM))
                if random.random() < 0.3:
                    await server.stand_still(random.uniform(0, STILL))
                await server.end(random.choice(ENDS))
                await server.start()
                await world.live()
                recorder.note("LIVE")
                ended()
            await world.rest()
    finally:
        await server.close()
    return recorder.history
