"""The interface of a bus: it carries hints, never data that anything depends on.

A hint may be lost, repeated, late or out of order. The service stays right without it, only slower: each
session asks the store at its heartbeat (the promise Complete).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from unisono.server.model import Change, Feed, FeedKey
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Hint:
    """A hint that something changed in a feed.

    With `feed` and `changes` (both or neither) it carries a commit: the feed after its last change, and every
    change of the commit, in order, without a gap. With `endpoint_id`, the row of that endpoint was written;
    `session_id` is the session in that row, empty without one. With `deleted`, the feed was taken away.
    """

    key: FeedKey
    feed: Feed | None = None
    changes: Sequence[Change] = ()
    endpoint_id: str = ""
    session_id: str = ""
    deleted: bool = False


Listener = Callable[[Hint], None]


class Bus(Protocol):
    """Carries hints from commits to the sessions of the same feed, on every node."""

    async def open(self) -> None:
        """Connect, if the bus needs a connection."""

    async def close(self) -> None:
        """Stop delivering hints. Idempotent."""

    def listen(self, listener: Listener) -> None:
        """Call `listener` on the event loop for each hint. It has to be quick, and must not raise."""

    def publish(self, hint: Hint) -> None:
        """Pass a hint on to every listener, here and on other nodes, now, soon or never.

        Never raises, and never makes the publisher wait.
        """
