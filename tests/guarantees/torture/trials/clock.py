"""Trial *clock*: the wall clock of the server, not the machine's, jumps by an hour or two under traffic."""

import asyncio
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.tools import FAKETIME, faketime
from tests.guarantees.torture.trial import Trial
from tests.support.processes import TIMEOUT
from unisono.client import Publisher
from unisono.verify.clock_uncertainty import CLOCK_JUMP as SET

#: By how many seconds the clock may be ahead, and the longest time between two jumps, in seconds.
_HOURS: Final = (-3600, 0, 3600)
_SPAN: Final = 1.0

#: How far equal clocks may be apart, in seconds.
_NEAR: Final = 60


async def jumps(context: TrialContext) -> None:
    """Set the clock from one of the hours to another in each round; timeouts must not depend on it."""
    library, ahead = faketime(), context.folder / "ahead"
    assert library is not None
    ahead.write_text("+0")
    env = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(ahead),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    now = 0
    async with context.server(env=env) as server, context.traffic(server.address):
        for _ in range(context.rounds):
            now = context.random.choice([hour for hour in _HOURS if hour != now])
            ahead.write_text(f"{now:+}")
            context.recorder.annotate(SET, ahead=now)
            await is_taken_up(context, server.address, now)
            await asyncio.sleep(context.random.uniform(0, _SPAN))
            context.done()


async def is_taken_up(context: TrialContext, address: str, ahead: int) -> None:
    """Wait until the server has the new time, which libfaketime reads once a second."""
    async with context.backend(address) as backend, asyncio.timeout(TIMEOUT):
        while abs(await _clock_of(backend) - context.recorder.clock() - ahead) > _NEAR:
            await asyncio.sleep(0.05)


async def _clock_of(backend: Publisher) -> float:
    """Return the server's time, in seconds since 1970."""
    return (await backend.send("ada", title="What time is it?")).create_time.timestamp()


CLOCK: Final = Trial(
    name="clock",
    says="the wall clock of the server jumps by an hour or two, both ways",
    run=jumps,
    full=40,
    short=1,
    needs=(FAKETIME,),
)
