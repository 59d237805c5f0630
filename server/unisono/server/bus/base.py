"""The contract of a bus: it carries hints, never data that anything depends on.

A hint says that a feed has moved. It may be lost, repeated, late or out of order, and the service is
still right, only slower: each session asks the store at its tick. A bus never raises at a publisher and
never makes one wait.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from unisono.server.model import Change, Feed, FeedKey
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something happened in a feed.

    With `feed` and `changes` (both or neither) it brings what was committed: `feed` as it is after the
    last change, and every change of that commit, in order, without a gap. `endpoint_id` names an
    endpoint whose row changed: a new session, named by `session_id`, or its deletion.
    """

    key: FeedKey
    feed: Feed | None = None
    changes: Sequence[Change] = ()
    endpoint_id: str = ""
    session_id: str = ""


Listener = Callable[[Hint], None]


class Bus(Protocol):
    """Carries hints from whoever commits to whoever has sessions open."""

    async def open(self) -> None:
        """Connect, if there is anything to connect to."""

    async def close(self) -> None:
        """Deliver nothing more. Idempotent."""

    def listen(self, listener: Listener) -> None:
        """Call `listener` on the event loop for each hint. It is quick and does not raise."""

    def publish(self, hint: Hint) -> None:
        """Pass a hint on to every listener, here and on other nodes, now or soon or never."""
