"""A real server on one file and one port that can be ended, paused and started again."""

import asyncio
import signal
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.support.processes import TESTERS, Environment, ServerProcess, serving
from unisono.verify.recording import Recorder

NOTHING: Final[Environment] = {}


class Server:
    """A server that annotates what is done to it. After an end, `start` serves again on the same port."""

    def __init__(
        self, store: Path, recorder: Recorder, env: Environment, flags: tuple[str, ...] = ()
    ) -> None:
        self.address = "127.0.0.1:0"
        self.store = store
        self.processes: list[ServerProcess] = []
        self._recorder = recorder
        self._env = {**TESTERS, **env}
        self._flags = flags
        self._stack = ExitStack()
        self._serving = False

    @property
    def process(self) -> ServerProcess:
        """Return the process that runs, or ran last."""
        return self.processes[-1]

    async def start(self, env: Environment = NOTHING) -> None:
        """Serve, in an environment with these changes."""
        env = {**self._env, **env}
        served = serving(self.store, "--listen", self.address, *self._flags, env=env)
        process = await asyncio.to_thread(self._stack.enter_context, served)
        self.processes.append(process)
        self.address = process.address
        self._serving = True
        self._recorder.annotate("SERVING")

    async def ended_by_itself(self) -> int:
        """Wait until the server ends although no test ended it, and return its exit status."""
        while not self._serving or self.process.status is None:
            await asyncio.sleep(0.2)
        return self.process.status

    async def end(self, number: signal.Signals) -> None:
        self._recorder.annotate(number.name)
        self._serving = False
        self.process.signal(number)
        await asyncio.to_thread(self.process.ended)

    async def pause(self, seconds: float) -> None:
        """Stop the process for so many seconds (SIGSTOP), as on a machine that has no time for it."""
        self._recorder.annotate("SIGSTOP")
        self.process.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.process.signal(signal.SIGCONT)
        self._recorder.annotate("SIGCONT")

    async def close(self) -> None:
        self._serving = False
        await asyncio.to_thread(self._stack.close)

    def faults(self, *, told: Collection[str] = ()) -> list[str]:
        """Return the errors that the processes logged; whatever is done to them, there must be none.

        `told` are events by which a server rightly says what is done to it.
        """
        entries = [entry for process in self.processes for entry in process.log]
        bad = [entry for entry in entries if entry["level"] in ("error", "critical")]
        return [str(entry) for entry in bad if entry["event"] not in told]
