"""Trial *disk*: the disk is full, read-only, failing, slow, or locked by another process, under traffic."""

import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import cycle
from typing import Final

import pytest

from tests.guarantees.torture.context import ACCESS, USERS, TrialContext
from tests.guarantees.torture.disk import FAULTS, fault
from tests.guarantees.torture.server import Server
from tests.guarantees.torture.tools import STRACE
from tests.guarantees.torture.trial import Trial
from tests.support.processes import TIMEOUT
from unisono.client import Backoff, Device, Platform, Status, Superseded, UnisonoError, draft
from unisono.verify.history import Call, Principal
from unisono.verify.load.traffic import FAIR
from unisono.verify.load.workload import FAST_RECONNECT

#: The codes that a call may be refused with during a fault.
TYPED: Final = {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}

#: The backoff of a backend that does not retry: it would wait for longer than its timeout.
ONCE: Final = Backoff(initial=1000.0, maximum=1000.0)

#: What a server says where reads and writes find the lock of another process in a row.
AWAY: Final = ("the store is away",)

#: While another process has a lock, each write takes two seconds to fail, and streams open one by one.
PATIENT: Final = replace(FAST_RECONNECT, open_timeout=TIMEOUT)


async def troubled(context: TrialContext) -> None:
    """Inject one fault in each round; in the end kill the server, and everything must be there."""
    faults = cycle(context.random.sample((*FAULTS, "locked"), len(FAULTS) + 1))
    async with context.server(told=AWAY) as server, context.traffic(server.address) as workload:
        async with spare(context, server):
            pass  # from now on its endpoint is registered
        for _ in range(context.rounds):
            await trouble(context, server, next(faults))
            context.done()
        await server.end(signal.SIGKILL)
        await server.start()
        await workload.wait_live()


async def trouble(context: TrialContext, server: Server, name: str) -> None:
    """Inject a fault: reads go on, devices go live, and writes are refused with a code in `TYPED`."""
    calls = context.recorder.history.calls
    before = len(calls)
    async with AsyncExitStack() as streams:
        async with fault(name, server.store, server.process.pid):
            context.recorder.annotate(f"DISK {name.upper()}")
            await reads_go_on(context, server)
            newest = await devices_go_live(context, server, streams)
            await sends_are_refused(context, server, name)
            await reads_go_on(context, server)
        context.recorder.annotate("DISK WELL")
        revision = await recovers(context, server)
        await newest.wait_for(lambda device: device.revision >= revision)
    wrong = failures(calls[before:]) - TYPED
    assert not wrong, f"with a disk that is {name}, calls were refused with {wrong}"


async def devices_go_live(context: TrialContext, server: Server, streams: AsyncExitStack) -> Device:
    """Open two streams of one endpoint; the newer, which is returned, must end the older."""
    older = await streams.enter_async_context(spare(context, server))
    newer = await streams.enter_async_context(spare(context, server))
    with pytest.raises(Superseded):
        await older.wait_for(lambda _: False)
    return newer


@asynccontextmanager
async def spare(context: TrialContext, server: Server) -> AsyncIterator[Device]:
    """A device beside the workload, which is live."""
    transport = context.straight(server.address)
    recorded = context.recorder.client(transport, Principal(app_id=ACCESS.app_id, user_id="ada"))
    device = Device(
        recorded,
        ACCESS.user("ada"),
        endpoint_id="spare",
        platform=Platform.LINUX,
        timing=PATIENT,
    )
    try:
        async with device:
            await device.wait_for(lambda device: device.status is Status.LIVE)
            yield device
    finally:
        await transport.close()


async def reads_go_on(context: TrialContext, server: Server) -> None:
    """Read every feed and list its notifications."""
    async with context.backend(server.address) as backend:
        for user_id in USERS:
            await backend.get_feed(user_id)
            async for _ in backend.list(user_id, page_size=500):
                pass


async def sends_are_refused(context: TrialContext, server: Server, name: str) -> None:
    """Assert that a send is refused, or where the disk is only slow, answered OK."""
    async with context.backend(server.address, backoff=ONCE) as backend:
        (outcome,) = await backend.batch([draft("ada", title="In trouble")])
    code = outcome.code.name if isinstance(outcome, UnisonoError) else "OK"
    if name == "full" and isinstance(outcome, UnisonoError):
        assert outcome.reason in ("STORE_FULL", *FAIR), f"with a disk that is full: {outcome!r}"
    assert code in ({"OK"} if name == "slow" else TYPED), f"with a disk that is {name}: {outcome!r}"


async def recovers(context: TrialContext, server: Server) -> int:
    """Send once more, without a restart, which must be answered OK, and return its revision."""
    async with context.backend(server.address) as backend:
        return (await backend.send("ada", title="Well again")).revision


def failures(calls: Sequence[Call]) -> set[str]:
    """Return the codes of failed calls, but for fair refusals and timeouts of the caller."""
    codes = {call.code for call in calls if call.reason not in FAIR}
    return codes - {"OK", "", "DEADLINE_EXCEEDED"}


DISK: Final = Trial(
    name="disk",
    says="the disk full, read-only, failing, slow, or locked by another process",
    run=troubled,
    full=40,
    short=5,
    needs=(STRACE,),
)
