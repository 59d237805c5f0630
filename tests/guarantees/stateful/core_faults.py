"""Faults of the core, each of which breaks it in one way, and which the machine must find."""

from collections.abc import Callable, Sequence

import pytest

from unisono.server.core import catch_up_cache
from unisono.server.core.position import CatchUpEvent, Position, catch_up_event
from unisono.server.core.session import Session
from unisono.server.core.tail import Tail
from unisono.server.model import Audience, Feed
from unisono.server.store.reads import EncodedRow

Break = Callable[[pytest.MonkeyPatch], None]

#: The result of `Tail.after`.
News = tuple[Feed, Sequence[bytes]] | None


def rings_again(patch: pytest.MonkeyPatch) -> None:
    """Ring also for alerts up to the last complete point."""

    def wrong(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
        seen = catch_up_event(row, position, now)
        return seen and seen._replace(alert=now < row.rings_until)

    patch.setattr(catch_up_cache, "catch_up_event", wrong)


def keeps_removals_to_itself(patch: pytest.MonkeyPatch) -> None:
    def wrong(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
        return catch_up_event(row, position, now) if row.removal is None else None

    patch.setattr(catch_up_cache, "catch_up_event", wrong)


def ignores_the_floor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Position, "covered", lambda position, floor: True)


def believes_every_hint(patch: pytest.MonkeyPatch) -> None:
    """Ignore what the store has beyond the hints."""
    right = Session._poll_store  # noqa: SLF001

    async def wrong(session: Session) -> bool:
        return await right(session) and False

    patch.setattr(Session, "_poll_store", wrong)


def miscounts(patch: pytest.MonkeyPatch) -> None:
    right = Feed.unread_count

    def wrong(feed: Feed, audience: Audience | None = None) -> int:
        return right(feed, audience) + (feed.revision % 5 == 0)

    patch.setattr(Feed, "unread_count", wrong)


def skips_an_event(patch: pytest.MonkeyPatch) -> None:
    """Omit the first of several events in the tail."""
    _tells(patch, lambda events: events[1:] if len(events) > 1 else events)


def tells_events_backwards(patch: pytest.MonkeyPatch) -> None:
    _tells(patch, lambda events: events[::-1])


def _tells(patch: pytest.MonkeyPatch, change: Callable[[Sequence[bytes]], Sequence[bytes]]) -> None:
    """Change the events that tails return."""
    right = Tail.after

    def wrong(tail: Tail, cursor: int, audience: Audience, now: int, *, collapsed: bool = False) -> News:
        told = right(tail, cursor, audience, now, collapsed=collapsed)
        return told and (told[0], change(told[1]))

    patch.setattr(Tail, "after", wrong)


FAULTS: Sequence[Break] = (
    rings_again,
    keeps_removals_to_itself,
    ignores_the_floor,
    believes_every_hint,
    miscounts,
    skips_an_event,
    tells_events_backwards,
)
