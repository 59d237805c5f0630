"""Deciding a batch takes what grows with the batch, not with its square: counted in calls of functions."""

import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import pytest

from tests.support.builders import a_notification, a_payload
from unisono.server.core.decide.batch import decide
from unisono.server.core.decide.commands import (
    Actor,
    Command,
    Delete,
    EncodedContent,
    Mark,
    Ref,
    Send,
    StatePatch,
    fingerprint,
)
from unisono.server.errors import UnisonoError
from unisono.server.model import (
    EVERY_ENDPOINT,
    Feed,
    FeedKey,
    Limits,
    Platform,
    ReadState,
    SenderRole,
    TargetPolicy,
)
from unisono.server.store.commit import Scan, Scanned, View

ADA = FeedKey("mail.test", "ada")
ACTOR = Actor(feed=ADA, role=SenderRole.PUBLISHER)
FEED = Feed(key=ADA, epoch=b"an epoch", revision=1000, live=1000)
READ = StatePatch(read_state=ReadState.READ)
NOW = 1_800_000_000_000


def calls(commands: Sequence[Command], view: View) -> int:
    """How many calls it takes to decide them; none is refused."""
    count = 0

    def called(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(called)
    try:
        decision = decide(commands, view, now=NOW, limits=Limits())
    finally:
        sys.setprofile(None)
    assert not [outcome for outcome in decision.outcomes if isinstance(outcome, UnisonoError)]
    return count


def send(number: int, target: TargetPolicy = EVERY_ENDPOINT) -> Send:
    content = EncodedContent(payload=a_payload(f"Title {number}"), expire_time=NOW + 1000)
    return Send(
        actor=ACTOR,
        new_id=f"n{number}",
        key="key",
        content=content,
        target=target,
        replace=True,
        fingerprint=fingerprint(content, target),
    )


def alternating(count: int) -> list[Command]:
    """Each sends the row before it to its grave."""
    return [send(n, TargetPolicy.of([(Platform.IOS, Platform.WEB)[n % 2]], [])) for n in range(count)]


def deleting(count: int) -> list[Command]:
    return [c for n in range(count) for c in (send(n), Delete(actor=ACTOR, ref=Ref(key="key")))]


@pytest.mark.parametrize("commands", [alternating, deleting])
def test_a_key_that_a_batch_gives_again_and_again(commands: Any) -> None:
    view = View(feeds={ADA: FEED}, rows={})

    few, many = calls(commands(100), view), calls(commands(400), view)

    assert many < 4.2 * few


def test_a_step_of_a_mark_does_not_look_at_what_others_read() -> None:
    """A mark of everything, and marks of a group with nothing in it."""

    def beside(rows: int) -> int:
        found = [a_notification(f"n{n}", n, feed=ADA) for n in range(1, rows + 1)]
        marks = [Mark(actor=ACTOR, patch=READ, scan=Scan(until=2000, group_name="work")) for _ in range(50)]
        everything = Mark(actor=ACTOR, patch=READ, scan=Scan(until=2000))
        view = View(feeds={ADA: FEED}, rows={ADA: found}, scans={50: Scanned(tuple(row.id for row in found))})
        return calls([*marks, everything], view)

    assert beside(400) - beside(100) < 50 * 300
