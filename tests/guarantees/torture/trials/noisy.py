"""Somebody who asks for much keeps nobody waiting who asks for little: quiet and noisy phases in turn."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.noise.busy import Busy, busy
from tests.guarantees.torture.noise.scenes import SCENES, send
from tests.guarantees.torture.trial import Trial
from tests.support import tokens
from tests.support.http2.connection import Connection
from tests.support.http2.unary import GET_FEED, SEND, RecordedCaller
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.verify.history import Principal

#: Quiet and noisy phases of each scene; in a short run, one of each of two scenes.
PAIRS: Final = 5
SHORT_SCENES: Final = ("1,000 marks of 500", "14 batches of 1,000")
SHORT: Final = len(SHORT_SCENES)

#: How many calls a quiet phase has, and the pause after each of any phase, in seconds.
QUIET: Final = 100
PAUSE: Final = 0.02

#: What others may wait: so many times what they wait when it is quiet, or so many milliseconds more,
#: whichever is longer; and the longest that anybody ever may.
TIMES, MORE = 3, 15.0
TIMES_P99, MORE_P99 = 5, 50.0
LONGEST: Final = 500.0

#: What is left to who is busy beside others, of what it has alone.
LEFT: Final = 0.7

#: A short run, which may share its cores with anything, is allowed so many times the whole.
NOISE: Final = 10

#: Where nothing is timed, one in so many steps of a scene will do.
UNTIMED: Final = 4


async def keeps_nobody_waiting(context: TrialContext) -> None:
    """In each scene, measure others when it is quiet and beside the noise, and the noise by itself."""
    whole = context.rounds > SHORT
    pairs = PAIRS if whole else 1
    names = list(SCENES)[: context.rounds // pairs] if whole else list(SHORT_SCENES)[: context.rounds]
    for name in names:
        timings = await _scene(context, name, pairs)
        timings.write(context, name, whole=whole)


async def _scene(context: TrialContext, name: str, pairs: int) -> "Timings":
    timings = Timings()
    async with (
        context.server(store=f"{name}.db") as server,
        busy(server.address, name, part=1 if context.timed else UNTIMED) as noise,
    ):
        call = await _other(context, server.address, name)
        with context.apart(server.process.pid):
            for _ in range(pairs):
                timings.quiet += [await _timed(context, call) for _ in range(QUIET)]
                timings.alone.append(await noise.play())
                timings.beside.append(await _beside(context, noise, call, timings.noisy))
                context.done()
    return timings


async def _beside(
    context: TrialContext, noise: Busy, call: Callable[[], Awaitable[object]], waits: list[float]
) -> float:
    """Measure others for as long as the noise goes on; returns how long that was."""
    playing = asyncio.create_task(noise.play())
    while not playing.done():
        waits.append(await _timed(context, call))
    return await playing


async def _timed(context: TrialContext, call: Callable[[], Awaitable[object]]) -> float:
    """How long a call took, in milliseconds."""
    began = context.recorder.clock()
    await call()
    took = 1000 * (context.recorder.clock() - began)
    await asyncio.sleep(PAUSE)
    return took


async def _other(context: TrialContext, address: str, name: str) -> Callable[[], Awaitable[object]]:
    """A call of somebody else: beside lists one that reads, beside an app's marks one for its other user."""
    app_id, client_id = ("mail.test", "mail-client") if "9,000" in name else ("chat.test", "chat-client")
    teller = RecordedCaller(context.recorder, Principal(app_id=app_id), tokens.publisher(azp=client_id))
    connection = await Connection.open(address)
    # Each scene has a server of its own, and so other users, as far as the judge is concerned.
    user_id = f"beside {name}"
    sending = partial(teller.call, connection, SEND, send(user_id))
    await sending()
    if "lists" in name:
        return partial(teller.call, connection, GET_FEED, feed_pb.GetFeedRequest(user_id=user_id))
    return sending


@dataclass(slots=True)
class Timings:
    """What others waited, in milliseconds, and what the noise took, in seconds."""

    quiet: list[float] = field(default_factory=list)
    noisy: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    def write(self, context: TrialContext, name: str, *, whole: bool) -> None:
        """Write down what others waited beside the noise, and, in a whole run, what was left to it."""
        write = partial(context.took, beside=float(SCENES[name].concurrency))
        quiet, noisy = median(self.quiet), median(self.noisy)
        allowed = max(TIMES * quiet, quiet + MORE)
        write(f"p50 beside {name}, in ms", noisy, allowed * (1 if whole else NOISE), quiet=quiet)
        if not whole:
            return
        quiet, noisy = _p99(self.quiet), _p99(self.noisy)
        write(f"p99 beside {name}, in ms", noisy, max(TIMES_P99 * quiet, quiet + MORE_P99), quiet=quiet)
        write(f"longest beside {name}, in ms", max(self.noisy), LONGEST, calls=len(self.noisy))
        alone, beside = median(self.alone), median(self.beside)
        write(f"seconds of {name} beside others", beside, alone / LEFT, alone=alone)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]


NOISY: Final = Trial(
    name="noisy",
    says="whoever asks for much keeps nobody waiting who asks for little",
    run=keeps_nobody_waiting,
    full=PAIRS * len(SCENES),
    short=SHORT,
    rounds_per_history=PAIRS * len(SCENES),
)
