"""The context of one run of a trial: a folder, a source of chance, servers, workloads, and a recorder."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from math import inf
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Final

from tests.guarantees.patches import Patch, patched
from tests.guarantees.torture.inboxes import Settling, inboxes_of
from tests.guarantees.torture.server import NOTHING, Server
from tests.support import tokens
from tests.support.process_stats import on_another_core
from tests.support.processes import TIMEOUT, Environment
from tests.support.web.channel import DOORS, Door
from tests.support.web.transport import WebTransport
from unisono.client import Backoff, Publisher, Transport, create_transport
from unisono.verify.history import Principal
from unisono.verify.load import isolation_probe
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.workload import Workload
from unisono.verify.promises.complete_at_rest import SETTLED
from unisono.verify.recording import Recorder, steady_clock

ACCESS: Final = Access(app_id="mail.test", backend=tokens.publisher(), user=tokens.device)
USERS: Final = ("ada", "bob", "eve")

#: Calls a second for each user at most, where nothing is timed: the machine is shared with other work.
UNTIMED_RATE: Final = 50.0

#: Our own transport alone has the doors of the web.
_WEB: Final[Environment] = {"UNISONO_TRANSPORT": "http"}


@dataclass(slots=True, kw_only=True)
class TrialContext:
    """The context of one run of one trial. Faults are drawn from `random` only, so that the same seed
    brings the same faults in the same order.

    `rounds` is how often the trial repeats its faults; it calls `done` after each. `patches` are applied to
    all servers, and to devices that are processes of their own. `timeout` is how long a workload that is left
    alone may take until every device has caught up, in seconds. A trial that is not `timed` shares its
    machine with other work: times are recorded there, and not judged. With `web`, all clients come over the
    web, each by the next of its doors, and the server has these.
    """

    folder: Path
    seed: int
    rounds: int
    patches: Sequence[Patch] = ()
    done: Callable[[], None] = lambda: None
    timeout: float = TIMEOUT
    timed: bool = True
    web: bool = False
    #: The root of the server's certificate, if it has one.
    root: bytes | None = None
    random: Random = field(init=False)
    recorder: Recorder = field(init=False)
    _doors: "cycle[Door]" = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311
        self.recorder = Recorder(steady_clock())
        self._doors = cycle(DOORS.values())

    def straight(self, address: str) -> Transport:
        """Return a transport to a server, which adds no faults."""
        if self.web:
            return WebTransport(address, next(self._doors))
        return create_transport(address, root_certificates=self.root)

    @asynccontextmanager
    async def server(
        self,
        *flags: str,
        env: Environment = NOTHING,
        patches: Sequence[Patch] = (),
        store: str = "unisono.db",
        told: Collection[str] = (),
    ) -> AsyncIterator[Server]:
        """Run a server inside the context, and assert in the end that it logged no error but those of `told`.

        Raises `AssertionError` inside the context as soon as the server ends by itself.
        """
        env = {**env, **self.patched(*patches), **(_WEB if self.web else NOTHING)}
        server = Server(self.folder / store, self.recorder, env, flags)
        try:
            await server.start()
            async with _alive(server):
                yield server
        finally:
            await server.close()
        faults = server.faults(told=told)
        assert not faults, f"the log of the server: {faults[0]}"

    def patched(self, *patches: Patch) -> Environment:
        """Return the environment in which a process has all patches, and these."""
        changes = (*self.patches, *patches)
        return patched(changes, Path(mkdtemp(dir=self.folder)) / "patched") if changes else NOTHING

    @asynccontextmanager
    async def traffic(
        self,
        address: str,
        *,
        beside: Sequence[Settling] = (),
        connect: Connect | None = None,
        access: Access = ACCESS,
        users: Sequence[str] = USERS,
    ) -> AsyncIterator[Workload]:
        """Run a workload inside the context; in the end it comes to rest, and all that is held is checked.

        `connect` opens the connections of the workload; without, they have no faults. What is `beside` it
        settles with it.
        """
        straight = partial(self.straight, address)
        chance = Random(f"{self.seed} traffic")  # noqa: S311
        rate = None if self.timed else UNTIMED_RATE
        workload = Workload(connect or straight, access, self.recorder, chance, users=users, rate=rate)
        async with workload:
            await workload.wait_live()
            async with self.backend(address) as backend:
                workload.start()
                yield workload
                await self._rest(workload, [partial(one.agrees, backend, self.timeout) for one in beside])
                for inbox in inboxes_of(workload):
                    await inbox.agrees(backend, self.timeout)
            endpoint_id = workload.devices[0].endpoint_id
        await isolation_probe.run(straight, access, self.recorder, users, endpoint_id)

    async def calls(self, method: str, count: int) -> None:
        """Wait until `count` calls of a method have been answered OK from now on."""
        calls = self.recorder.history.calls
        before = len(calls)
        while sum(call.good and call.method == method for call in calls[before:]) < count:
            await asyncio.sleep(0.02)

    async def _rest(self, workload: Workload, others: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Bring all to rest, and annotate that devices had time to catch up, also on failure."""
        since = self.recorder.clock()
        try:
            async with asyncio.timeout(self.timeout):
                await workload.quiesce()
                for agree in others:
                    await agree()
        finally:
            self.recorder.annotate(SETTLED, since=since)

    @asynccontextmanager
    async def backend(
        self,
        address: str,
        *,
        token: str = "",
        backoff: Backoff = Backoff(),  # noqa: B008  frozen
    ) -> AsyncIterator[Publisher]:
        """Yield a recorded publisher beside the workload, on a connection of its own.

        It has the token of the workload's, unless another is given.
        """
        transport = self.straight(address)
        recorded = self.recorder.client(transport, Principal(app_id=ACCESS.app_id))
        try:
            async with Publisher(
                recorded, token or ACCESS.backend, timeout=TIMEOUT, backoff=backoff
            ) as backend:
                yield backend
        finally:
            await transport.close()

    def measured(self, what: str, measured: float, allowed: float, **more: float) -> None:
        """Annotate the history with a value, which the judge compares with the value allowed."""
        self.recorder.annotate(what, measured=measured, allowed=allowed, **more)

    def took(self, what: str, measured: float, allowed: float, **more: float) -> None:
        """Annotate the history with a time, in any unit; the judge compares it in a timed trial only."""
        self.measured(what, measured, allowed if self.timed else inf, **more)

    def apart(self, pid: int) -> AbstractContextManager[None]:
        """Keep the server on another core than this process inside the context, in a timed trial."""
        return on_another_core(pid) if self.timed else nullcontext()


@asynccontextmanager
async def _alive(server: Server) -> AsyncIterator[None]:
    """Raise an error inside the context when the server ends by itself: waits there would last for ever."""
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
