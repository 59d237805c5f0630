"""Faults of the service, each of which breaks it in one way, and which the machine must find."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest

from tests.guarantees.stateful.core_faults import Break, miscounts, skips_an_event
from unisono.server.core import notifications
from unisono.server.core.bars import Bars
from unisono.server.core.session import EncodeMessage, Session, Write
from unisono.server.core.stream_messages import GoodbyeReason, MessageKind, StreamMessage
from unisono.server.errors import PermissionDenied, Reason
from unisono.server.model import FeedKey
from unisono.server.store.reads import Bar
from unisono.server.store.sqlite import erasure, file
from unisono.server.store.sqlite.feed_cache import FeedCache


def tells_strangers_that_it_exists(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        notifications, "not_found", lambda: PermissionDenied(Reason.USER_MISMATCH, "it is not yours")
    )


def loses_something_when_it_starts(patch: pytest.MonkeyPatch) -> None:
    right = file._prepare  # noqa: SLF001

    def wrong(connection: sqlite3.Connection, *more: Any) -> None:
        right(connection, *more)
        connection.execute("DELETE FROM notifications WHERE revision % 3 = 0")

    patch.setattr(file, "_prepare", wrong)


def stops_without_a_word(patch: pytest.MonkeyPatch) -> None:
    right = Session.run

    async def wrong(
        session: Session, encode: EncodeMessage, write: Write
    ) -> tuple[GoodbyeReason, float | None]:
        def framed(message: StreamMessage, session: Session) -> bytes:
            return b"" if message.kind is MessageKind.GOODBYE else encode(message, session)

        async def written(message: bytes) -> None:
            if message:
                await write(message)

        return await right(session, framed, written)

    patch.setattr(Session, "run", wrong)


def keeps_what_was_erased(patch: pytest.MonkeyPatch) -> None:
    """Another feed begins, with all that was in the one before."""
    right = erasure.detach

    def wrong(connection: sqlite3.Connection, cache: FeedCache, key: FeedKey, bar: Bar | None) -> int | None:
        feed = right(connection, cache, key, bar)
        anew = "UPDATE feeds SET app_id = ?, user_id = ?, epoch = randomblob(8) WHERE feed = ?"
        connection.execute(anew, (*key, feed))
        return feed

    patch.setattr(erasure, "detach", wrong)
    patch.setattr(erasure, "erase", lambda *_: True)


def bars_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Bars, "refusal", lambda *_: None)


FAULTS: Sequence[Break] = (
    keeps_what_was_erased,
    bars_nobody,
    tells_strangers_that_it_exists,
    loses_something_when_it_starts,
    stops_without_a_word,
    miscounts,
    skips_an_event,
)
