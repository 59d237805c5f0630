"""Trial *disk*: the disk is full, read-only, failing, slow, or locked by another process, under traffic."""

import signal
from collections.abc import Sequence
from itertools import cycle
from typing import Final

from tests.guarantees.torture.context import USERS, TrialContext
from tests.guarantees.torture.disk import FAULTS, fault
from tests.guarantees.torture.server import Server
from tests.guarantees.torture.tools import STRACE
from tests.guarantees.torture.trial import Trial
from unisono.client import Backoff, UnisonoError, draft
from unisono.verify.history import Call
from unisono.verify.load.traffic import FAIR

#: The codes that a call may be refused with during a fault.
TYPED: Final = {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}

#: The backoff of a backend that does not retry: it would wait for longer than its timeout.
ONCE: Final = Backoff(initial=1000.0, maximum=1000.0)


async def troubled(context: TrialContext) -> None:
    """Inject one fault in each round; in the end kill the server, and everything must be there."""
    faults = cycle(context.random.sample((*FAULTS, "locked"), len(FAULTS) + 1))
    async with context.server() as server, context.traffic(server.address) as workload:
        for _ in range(context.rounds):
            await trouble(context, server, next(faults))
            await recovers(context, server)
            context.done()
        await server.end(signal.SIGKILL)
        await server.start()
        await workload.wait_live()


async def trouble(context: TrialContext, server: Server, name: str) -> None:
    """Inject a fault, and assert that reads go on, and that writes are refused with a code in `TYPED`."""
    calls = context.recorder.history.calls
    before = len(calls)
    async with fault(name, server.store, server.process.pid):
        context.recorder.annotate(f"DISK {name.upper()}")
        await reads_go_on(context, server)
        await sends_are_refused(context, server, name)
        await reads_go_on(context, server)
    context.recorder.annotate("DISK WELL")
    wrong = failures(calls[before:]) - TYPED
    assert not wrong, f"with a disk that is {name}, calls were refused with {wrong}"


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
    assert code in ({"OK"} if name == "slow" else TYPED), f"with a disk that is {name}: {outcome!r}"


async def recovers(context: TrialContext, server: Server) -> None:
    """Send once more, without a restart; it must be answered OK."""
    async with context.backend(server.address) as backend:
        await backend.send("ada", title="Well again")


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
