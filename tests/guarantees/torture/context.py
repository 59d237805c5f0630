"""What one run of a trial has at hand: a folder, chance, a server, a workload, a recorder for the judge."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Final

from tests.guarantees.patches import Patch, patched
from tests.guarantees.torture.inboxes import inboxes_of, watched
from tests.guarantees.torture.server import NOTHING, Server
from tests.support import tokens
from tests.support.process_stats import on_another_core
from tests.support.processes import TIMEOUT, Environment
from unisono.client import Backoff, Publisher, Transport, create_transport
from unisono.verify.history import Principal
from unisono.verify.load import isolation_probe
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.workload import Workload
from unisono.verify.promises.complete_at_rest import SETTLED
from unisono.verify.recording import Recorder, steady_clock

ACCESS: Final = Access(app_id="mail.test", backend=tokens.publisher(), user=tokens.device)
USERS: Final = ("ada", "bob", "eve")

#: Calls a second for each user at most, where nothing is timed: what the machine can do takes it from others.
UNTIMED_RATE: Final = 50.0


@dataclass(slots=True, kw_only=True)
class TrialContext:
    """For one run of one trial. What chance decides about faults is drawn from `random` and from nothing
    else, so that the same seed brings the same faults in the same order.

    `rounds` is how often the trial does what it does; it calls `done` after each. `patches` are put on
    the servers, which are then others than the project's. `timeout` is how long a workload that is left in
    peace may take until every device has everything, in seconds. A trial that is not `timed` shares its
    machine with anything: how long something takes is written down there, and not judged.
    """

    folder: Path
    seed: int
    rounds: int
    patches: Sequence[Patch] = ()
    done: Callable[[], None] = lambda: None
    timeout: float = TIMEOUT
    timed: bool = True
    #: The root of the server's certificate, if it has one.
    root: bytes | None = None
    random: Random = field(init=False)
    recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311
        self.recorder = Recorder(steady_clock())

    def straight(self, address: str) -> Transport:
        """A good way to a server."""
        return create_transport(address, root_certificates=self.root)

    @asynccontextmanager
    async def server(
        self,
        *flags: str,
        env: Environment = NOTHING,
        patches: Sequence[Patch] = (),
        store: str = "unisono.db",
    ) -> AsyncIterator[Server]:
        """A server that serves, and in the end has no fault of its own in its log.

        Raises `AssertionError` inside as soon as it ends by itself.
        """
        if changes := (*self.patches, *patches):
            env = {**env, **patched(changes, Path(mkdtemp(dir=self.folder)) / "patched")}
        server = Server(self.folder / store, self.recorder, env, flags)
        try:
            await server.start()
            async with _alive(server):
                yield server
        finally:
            await server.close()
        assert not server.faults(), f"the log of the server: {server.faults()[0]}"

    @asynccontextmanager
    async def traffic(
        self,
        address: str,
        *,
        connect: Connect | None = None,
        access: Access = ACCESS,
        users: Sequence[str] = USERS,
    ) -> AsyncIterator[Workload]:
        """A workload whose devices are connected and whose traffic flows; it comes to rest at the end."""
        straight = partial(self.straight, address)
        chance = Random(f"{self.seed} traffic")  # noqa: S311
        rate = None if self.timed else UNTIMED_RATE
        workload = Workload(connect or straight, access, self.recorder, chance, users=users, rate=rate)
        async with workload:
            await workload.wait_live()
            inboxes = inboxes_of(workload)
            async with watched(inboxes), self.backend(address) as backend:
                workload.start()
                yield workload
                await self._rest(workload)
                for inbox in inboxes:
                    await inbox.agrees(backend, self.timeout)
            endpoint_id = workload.devices[0].endpoint_id
        await isolation_probe.run(straight, access, self.recorder, users, endpoint_id)

    async def calls(self, method: str, count: int) -> None:
        """Wait until so many calls of a method have been answered OK from now on."""
        calls = self.recorder.history.calls
        before = len(calls)
        while sum(call.good and call.method == method for call in calls[before:]) < count:
            await asyncio.sleep(0.02)

    async def _rest(self, workload: Workload) -> None:
        """The judge is told that every device had time enough, also if that was in vain."""
        since = self.recorder.clock()
        try:
            async with asyncio.timeout(self.timeout):
                await workload.quiesce()
        finally:
            self.recorder.annotate(SETTLED, since=since)

    @asynccontextmanager
    async def backend(self, address: str, *, backoff: Backoff = Backoff()) -> AsyncIterator[Publisher]:  # noqa: B008  frozen
        """A backend beside the workload, on a connection of its own."""
        transport = self.straight(address)
        recorded = self.recorder.client(transport, Principal(app_id=ACCESS.app_id))
        try:
            async with Publisher(recorded, ACCESS.backend, timeout=TIMEOUT, backoff=backoff) as backend:
                yield backend
        finally:
            await transport.close()

    def measured(self, what: str, measured: float, allowed: float, **more: float) -> None:
        """Write down a figure, which the judge compares with what is allowed."""
        self.recorder.annotate(what, measured=measured, allowed=allowed, **more)

    def took(self, what: str, measured: float, allowed: float, **more: float) -> None:
        """Write down a time, in any unit; the judge compares it with what is allowed in a timed trial."""
        self.measured(what, measured, allowed if self.timed else inf, **more)

    def apart(self, pid: int) -> AbstractContextManager[None]:
        """While inside, the server is on another core than this process, if time is measured."""
        return on_another_core(pid) if self.timed else nullcontext()


@asynccontextmanager
async def _alive(server: Server) -> AsyncIterator[None]:
    """Raises what the server said last, when it ends by itself: whatever waits inside would wait for ever."""
    end = asyncio.timeout(None)

    async def watch() -> int:
        status = await server.ended_by_itself()
        end.reschedule(0.0)
        return status

    watching = asyncio.create_task(watch())
    try:
        async with end:
            yield
    except TimeoutError:
        if watching.done():
            text = f"the server ended by itself, with {watching.result()}: {server.process.output}"
            raise AssertionError(text) from None
        raise
    finally:
        watching.cancel()
