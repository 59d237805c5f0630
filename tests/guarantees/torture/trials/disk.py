"""The disk is full, read-only, failing, slow, or locked by another process, while traffic goes on."""

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

#: What a call may be refused with while the store is in trouble.
TYPED: Final = {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}

#: Of a backend that takes the first refusal for an answer: it would wait for longer than it has time.
ONCE: Final = Backoff(initial=1000.0, maximum=1000.0)


async def troubled(context: TrialContext) -> None:
    """One fault after the other; in the end the server is killed, and everything must be there."""
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
    """A fault, in which reads go on, and writes are refused for now."""
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
    """Every feed and its history."""
    async with context.backend(server.address) as backend:
        for user_id in USERS:
            await backend.get_feed(user_id)
            async for _ in backend.list(user_id, page_size=500):
                pass


async def sends_are_refused(context: TrialContext, server: Server, name: str) -> None:
    """At once or in time; where the disk is merely slow they are answered OK, later."""
    async with context.backend(server.address, backoff=ONCE) as backend:
        (outcome,) = await backend.batch([draft("ada", title="In trouble")])
    code = outcome.code.name if isinstance(outcome, UnisonoError) else "OK"
    assert code in ({"OK"} if name == "slow" else TYPED), f"with a disk that is {name}: {outcome!r}"


async def recovers(context: TrialContext, server: Server) -> None:
    """Without a restart: the next send is answered OK."""
    async with context.backend(server.address) as backend:
        await backend.send("ada", title="Well again")


def failures(calls: Sequence[Call]) -> set[str]:
    """How calls were refused, other than for what they asked for, or for the time-out of the caller."""
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
