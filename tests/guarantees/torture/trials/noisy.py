"""Trial *noisy*: a busy client keeps nobody waiting who makes few calls, in quiet and busy phases in turn."""

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

#: Pairs of a quiet and a busy phase of each scene; in a short run, one pair of each of two scenes.
PAIRS: Final = 5
SHORT_SCENES: Final = ("1,000 marks of 500", "14 batches of 1,000")
SHORT: Final = len(SHORT_SCENES)

#: How many calls a quiet phase has, and the pause after each of any phase, in seconds.
QUIET: Final = 100
PAUSE: Final = 0.02

#: How long others may wait: a multiple of the quiet phase, or so many milliseconds more, whichever is
#: longer; and the longest wait of all, in milliseconds.
TIMES, MORE = 3, 15.0
TIMES_P99, MORE_P99 = 5, 50.0
LONGEST: Final = 500.0

#: The least share of its speed that the busy client keeps beside others.
LEFT: Final = 0.7

#: The multiple allowed in a short run, which shares its cores with other work.
NOISE: Final = 10

#: By how much the steps of a scene are divided where nothing is timed.
UNTIMED: Final = 8


async def keeps_nobody_waiting(context: TrialContext) -> None:
    """In each scene, measure calls of others in quiet and busy phases, and the busy client alone."""
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
                if context.rounds > SHORT:
                    timings.alone.append(await noise.play())
                timings.beside.append(await _beside(context, noise, call, timings.noisy))
                context.done()
    return timings


async def _beside(
    context: TrialContext, noise: Busy, call: Callable[[], Awaitable[object]], waits: list[float]
) -> float:
    """Measure calls of others while the busy client plays, and return how many seconds that took."""
    playing = asyncio.create_task(noise.play())
    while not playing.done():
        waits.append(await _timed(context, call))
    return await playing


async def _timed(context: TrialContext, call: Callable[[], Awaitable[object]]) -> float:
    """Return how long a call took, in milliseconds."""
    began = context.recorder.clock()
    await call()
    took = 1000 * (context.recorder.clock() - began)
    await asyncio.sleep(PAUSE)
    return took


async def _other(context: TrialContext, address: str, name: str) -> Callable[[], Awaitable[object]]:
    """Return a call of another client: a read beside lists, and another user of the app beside its marks."""
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
    """Waits of others in quiet and busy phases, in milliseconds, and times of the busy client, in seconds."""

    quiet: list[float] = field(default_factory=list)
    noisy: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    def write(self, context: TrialContext, name: str, *, whole: bool) -> None:
        """Record how long others waited, and in a whole run, how much slower the busy client was."""
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
