"""Injects faults of the network: streams end in the middle, and answers are lost after the call was made.

The faults are between the recorder and the network, so that what is lost is not in the history either.
"""

import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from random import Random
from typing import Final, TypeVar

from google.protobuf.message import Message

from unisono.client import Method, Transport, Unavailable
from unisono.verify.load.access import Connect
from unisono.verify.recording import Recorder

#: The names of the annotations for a stream that was cut, and an answer that was lost.
CUT: Final = "CUT"
LOST: Final = "LOST"

#: The share of answers that are lost.
LOSS: Final = 0.1

#: Half of all streams end within their first messages: after Welcome, while they catch up, after Synced,
#: and when they have just become live.
MAX_EARLY_MESSAGES: Final = 5
#: The others end, on average, this many messages later.
MEAN_LATER_MESSAGES: Final = 30.0

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class FaultInjector:
    """Wraps connections so that they lose answers and cut streams at random, until it is stopped.

    The faults are drawn for each connection by itself, numbered in the order in which they are made: with
    the same seed, the same stream of the same connection ends after as many messages.
    """

    def __init__(self, recorder: Recorder, seed: int) -> None:
        self.active = True
        self._recorder = recorder
        self._seed = seed
        self._numbers = itertools.count()

    def wrap(self, connect: Connect) -> Connect:
        """Return a function that opens connections as `connect` does, with faults on them."""

        def bad_way() -> Transport:
            chance = Random(f"{self._seed} way {next(self._numbers)}")  # noqa: S311  no secret depends on it
            return FaultyTransport(connect(), self, chance)

        return bad_way

    def stop(self) -> None:
        """Inject no more faults, also on connections that are open."""
        self.active = False

    def record(self, what: str) -> None:
        """Annotate the history with a fault: `CUT` or `LOST`."""
        self._recorder.annotate(what)


class FaultyTransport:
    """A `Transport` that passes calls on, and at random raises `Unavailable`, as when the network fails."""

    def __init__(self, transport: Transport, injector: FaultInjector, chance: Random) -> None:
        self._transport = transport
        self._injector = injector
        self._chance = chance

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """See `Transport`. An answer is lost after the server has given it: the call took effect."""
        lost = self._chance.random() < LOSS
        answer = await self._transport.unary(method, request, token=token, timeout=timeout)
        if lost and self._injector.active:
            self._injector.record(LOST)
            raise Unavailable("the answer was lost on the way")
        return answer

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """See `Transport`."""
        left = self._length()
        async with aclosing(self._transport.stream(method, request, token=token)) as messages:
            async for message in messages:
                yield message
                left -= 1
                if left <= 0 and self._injector.active:
                    self._injector.record(CUT)
                    raise Unavailable("the stream was cut")

    async def close(self) -> None:
        """See `Transport`."""
        await self._transport.close()

    def _length(self) -> int:
        """Draw after how many messages a stream is cut: any number is possible, small ones are frequent."""
        early = self._chance.randint(1, MAX_EARLY_MESSAGES)
        later = int(self._chance.expovariate(1 / MEAN_LATER_MESSAGES))
        return early if self._chance.random() < 0.5 else early + later
