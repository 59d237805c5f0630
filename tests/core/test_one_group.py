"""Writers of one row, one key and one feed that arrive together: one commit, and each its own outcome."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from tests.support.builders import a_payload
from tests.support.clocks import FakeClock
from tests.support.encoding import encode
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.bus.base import Hint
from unisono.server.bus.local import LocalBus
from unisono.server.core.bars import Bars
from unisono.server.core.decide.commands import (
    Actor,
    Command,
    EncodedContent,
    Mark,
    Ref,
    Send,
    StatePatch,
    fingerprint,
)
from unisono.server.core.decide.results import MarkStep, Result, SendResult
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.core.presence import Presence
from unisono.server.errors import Reason, UnisonoError
from unisono.server.model import (
    EVERY_ENDPOINT,
    FeedKey,
    Limits,
    ReadState,
    SenderRole,
)

FEED = FeedKey("mail.test", "ada")
ACTOR = Actor(feed=FEED, role=SenderRole.PUBLISHER)
MANY = 50


class Group:
    """What a feed's commits said, and the commits themselves."""

    def __init__(self) -> None:
        self.hints: list[Hint] = []
        bus = LocalBus()
        bus.listen(self.hints.append)
        store = MemoryStore(ids=SequentialIds(), encode=encode)
        clock = FakeClock()
        bars = Bars(store, clock, per_app=1)
        self.commits = FeedCommitter(
            store, bus, Presence(store), bars, clock, Limits(), batch=1000, capacity=1000
        )

    async def together(self, commands: Sequence[Command]) -> list[Result | UnisonoError]:
        """The outcomes of commands that arrive at the same time."""
        self.hints.clear()
        waits = (self.commits.committer.submit_all((command,)) for command in commands)
        return [outcome for (outcome,) in await asyncio.gather(*waits)]


@pytest.fixture
async def group() -> AsyncIterator[Group]:
    group = Group()
    group.commits.committer.start()
    yield group
    await group.commits.committer.close()


def send(number: int, *, key: str = "", title: str = "Hello") -> Send:
    content = EncodedContent(payload=a_payload(title))
    return Send(
        actor=ACTOR,
        new_id=f"n{number}",
        key=key,
        content=content,
        target=EVERY_ENDPOINT,
        replace=False,
        fingerprint=fingerprint(content, EVERY_ENDPOINT),
    )


def taken(group: Group) -> list[int]:
    """The revisions of the one commit that there was."""
    (hint,) = group.hints
    return [change.notification.revision for change in hint.changes]


async def test_a_feed_takes_one_revision_for_each(group: Group) -> None:
    sent = await group.together([send(number) for number in range(MANY)])

    assert [s.notification.revision for s in sent if isinstance(s, SendResult)] == list(range(1, MANY + 1))
    assert taken(group) == list(range(1, MANY + 1))


async def test_a_key_is_created_once(group: Group) -> None:
    sent = await group.together([send(number, key="invoice") for number in range(MANY)])

    assert [s.deduplicated for s in sent if isinstance(s, SendResult)] == [False] + [True] * (MANY - 1)
    assert {s.notification.id for s in sent if isinstance(s, SendResult)} == {"n0"}
    assert taken(group) == [1]


async def test_a_key_conflicts_with_the_first(group: Group) -> None:
    first, *others = await group.together([send(n, key="invoice", title=f"No. {n}") for n in range(MANY)])

    assert isinstance(first, SendResult)
    assert Counter(o.reason for o in others if isinstance(o, UnisonoError)) == {Reason.KEY_CONFLICT: MANY - 1}


async def test_a_key_is_replaced_by_each_in_turn(group: Group) -> None:
    commands = [replace(send(n, key="invoice", title=f"No. {n}"), replace=True) for n in range(MANY)]

    sent = await group.together(commands)

    assert [s.notification.revision for s in sent if isinstance(s, SendResult)] == list(range(1, MANY + 1))
    (hint,) = group.hints
    assert hint.feed is not None
    assert hint.feed.live == 1


async def test_compare_and_set_has_one_winner(group: Group) -> None:
    await group.together([send(0)])
    patches = [StatePatch(read_state=ReadState.READ), StatePatch(read_state=ReadState.UNREAD)] * MANY
    marks = [Mark(actor=ACTOR, patch=p, refs=(Ref(id="n0"),), expected_revision=1) for p in patches[:-1]]

    outcomes = await group.together(marks)

    # The first sets READ. Who asks for READ later has it already; who asks for UNREAD is too late.
    won, late = outcomes[0::2], outcomes[1::2]
    assert [o.changed for o in won if isinstance(o, MarkStep)] == [1] + [0] * (MANY - 1)
    assert Counter(o.reason for o in late if isinstance(o, UnisonoError)) == {
        Reason.REVISION_MISMATCH: MANY - 1
    }
    assert taken(group) == [2]


async def test_a_counter_counts_every_step(group: Group) -> None:
    read, unread = StatePatch(read_state=ReadState.READ), StatePatch(read_state=ReadState.UNREAD)
    await group.together([send(0)])

    marks = [Mark(actor=ACTOR, patch=p, refs=(Ref(id="n0"),)) for p in (read, unread, read)]
    outcomes = await group.together(marks)

    assert [o.feed.unread_count() for o in outcomes if isinstance(o, MarkStep)] == [0, 1, 0]
    assert taken(group) == [2, 3, 4]
