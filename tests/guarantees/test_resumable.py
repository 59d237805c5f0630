"""Resumable: cut after any message and resumed, a stream ends in the same state, and rings the same."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import pytest

from tests.guarantees.reader import Reader
from tests.support.api_client import DISMISSED, READ, REPLACE, SNOOZED, UNREAD, ApiClient, time_of, titled
from tests.support.clocks import FakeClock
from tests.support.devices import DeviceModel
from tests.support.nodes import Running
from unisono.server.core.catch_up_cache import PAGE_ROWS
from unisono.v1 import notification_pb2 as pb

NUMBERS = count()
LAPTOPS = pb.TargetPolicy(platforms=[pb.DEVICE_PLATFORM_LINUX])

Step = Callable[[], Awaitable[object]]


class Scenario:
    """Makes the same changes to a user's feed each time, beside a reader whose stream may be cut.

    After a cut the reader stays away for `away` steps.
    """

    def __init__(self, node: Running, clock: FakeClock, *, cut_after: int = 0, away: int = 0) -> None:
        user_id = f"user-{next(NUMBERS)}"
        self.reader = Reader(node.user(user_id), cut_after=cut_after)
        self.backend = ApiClient(node.publisher, user_id=user_id)
        self._clock = clock
        self._away = away
        self._ids: dict[str, str] = {}

    async def tell(self, before: list[Step], after: list[Step]) -> "Scenario":
        """Run some steps, open the reader's stream, and run the others while the reader follows."""
        for step in before:
            await step()
        self.reader.open()
        await self._follow()
        for step in after:
            if self.reader.gone:
                await self._return()
            await step()
            await self._follow()
        while self.reader.gone:
            self._away = 0
            await self._return()
            await self._follow()
        self.reader.cut()
        return self

    async def send(self, name: str, title: str = "", **fields: object) -> None:
        self._ids[name] = (await self.backend.send(title or name, **fields)).id

    async def send_all(self, names: Sequence[str]) -> None:
        results = await self.backend.send_all(*(self.backend.new(name) for name in names))
        self._ids |= {name: result.result.id for name, result in zip(names, results, strict=True)}

    async def retitle(self, name: str, title: str, *, silent: bool = False) -> None:
        await self.backend.update(self._ids[name], content={"payload": titled(title)}, silent=silent)

    async def mark(self, name: str, **state: object) -> None:
        await self.backend.mark(self._ids[name], **state)

    async def snooze(self, name: str) -> None:
        until = time_of(self._clock.now() + 2_000)
        await self.mark(name, user_action_state=SNOOZED, snooze_until=until)

    async def delete(self, name: str) -> None:
        await self.backend.delete(self._ids[name])

    async def pass_time(self) -> None:
        """Let time pass until it has changed the feed."""
        before = await self.last()
        async with self._clock.advancing():
            while await self.last() == before:  # noqa: ASYNC110  only the node knows
                await asyncio.sleep(0.005)

    async def last(self) -> int:
        return (await self.backend.feed()).last_revision

    async def _follow(self) -> None:
        await self.reader.follow(await self.last())

    async def _return(self) -> None:
        if self._away:
            self._away -= 1
        else:
            await self.reader.back()


def day(story: Scenario) -> tuple[list[Step], list[Step]]:
    """Return steps, before and after the stream opens, with all kinds of changes; each makes one message."""
    before: list[Step] = [lambda: story.send("old"), lambda: story.send("older")]
    after: list[Step] = [
        lambda: story.send("a"),
        lambda: story.send("b", app_notification_id="key", target_policy=LAPTOPS),
        lambda: story.retitle("a", "a, again"),
        lambda: story.retitle("b", "b, corrected", silent=True),
        lambda: story.mark("a", read_state=READ),
        lambda: story.mark("a", read_state=UNREAD),
        lambda: story.send(
            "b", "b anew", app_notification_id="key", target_policy=LAPTOPS, on_conflict=REPLACE
        ),
        lambda: story.mark("b", user_action_state=DISMISSED),
        lambda: story.send("c"),
        lambda: story.snooze("c"),
        story.pass_time,
        lambda: story.send("b elsewhere", app_notification_id="key", on_conflict=REPLACE),
        lambda: story.mark("old", read_state=READ),
        lambda: story.delete("a"),
        lambda: story.delete("older"),
        lambda: story.send("last"),
    ]
    return before, after


async def told(node: Running, clock: FakeClock, **cut: int) -> Scenario:
    story = Scenario(node, clock, **cut)
    return await story.tell(*day(story))


def state(held: DeviceModel) -> dict[int, tuple[str, int, int]]:
    """Return what is held, by revision and without ids, so that users can be compared."""
    return {
        row.revision: (row.payload.visual_content.title, row.read_state, row.user_action_state)
        for row in held.notifications.values()
    }


def rings(held: DeviceModel) -> list[int]:
    return sorted(revision for _, revision in held.rung)


async def test_cut_after_any_message_and_back_at_once(node: Running, clock: FakeClock) -> None:
    whole = await told(node, clock)

    assert whole.reader.taken == 3 + 16
    for message in range(1, whole.reader.taken + 1):
        cut = await told(node, clock, cut_after=message)

        assert state(cut.reader.held) == state(whole.reader.held), message
        assert rings(cut.reader.held) == rings(whole.reader.held), message
        assert cut.reader.held.unread_count == whole.reader.held.unread_count


@pytest.mark.parametrize("away", [3, 99])
async def test_cut_after_any_message_and_away_for_a_while(node: Running, clock: FakeClock, away: int) -> None:
    """Then it does not ring for what was handled meanwhile, and does for all the rest."""
    whole = await told(node, clock)
    news = {row.alert_revision for row in whole.reader.held.notifications.values()} & set(
        rings(whole.reader.held)
    )

    for message in range(1, whole.reader.taken + 1):
        cut = await told(node, clock, cut_after=message, away=away)

        assert state(cut.reader.held) == state(whole.reader.held), message
        assert news <= set(rings(cut.reader.held)) <= set(rings(whole.reader.held)), message
        assert len(set(rings(cut.reader.held))) == len(rings(cut.reader.held)), message
        assert cut.reader.held.unread_count == whole.reader.held.unread_count


@pytest.mark.parametrize("cut_after", range(1, 6))
async def test_cut_during_a_long_catch_up(node: Running, clock: FakeClock, cut_after: int) -> None:
    """While away, what was already told changes, and so does what was not."""
    names = [str(n) for n in range(2 * PAGE_ROWS + 10)]
    story = Scenario(node, clock, cut_after=cut_after)
    changes: list[Step] = [
        change
        for name in ("5", "300", "515")
        for change in (
            lambda name=name: story.retitle(name, f"{name}, corrected", silent=True),
            lambda name=name: story.mark(str(int(name) + 1), read_state=READ),
            lambda name=name: story.delete(str(int(name) + 2)),
            lambda name=name: story.retitle(str(int(name) + 3), "Ring!"),
        )
    ]

    await story.tell([lambda: story.send_all(names)], changes)

    held = story.reader.held
    titles = {row.payload.visual_content.title for row in held.notifications.values()}
    assert titles == (set(names) - {"5", "7", "8", "300", "302", "303", "515", "517", "518"}) | {
        "5, corrected",
        "300, corrected",
        "515, corrected",
        "Ring!",
    }
    assert len(held.notifications) == len(names) - 3
    assert len(rings(held)) == 3
    assert held.unread_count == len(names) - 6


async def test_list_and_then_subscribe_leaves_no_gap(node: Running, clock: FakeClock) -> None:
    story = Scenario(node, clock)
    await story.send("listed")
    caller = ApiClient(node.user(story.backend.user_id), endpoint_id="laptop")
    await caller.register()
    page = await caller.history(endpoint_id="laptop")
    held = story.reader.held
    held.notifications = {row.id: row for row in page.notifications}
    held.token = page.resume_token
    await story.send("between")
    await story.mark("listed", read_state=READ)

    await story.reader.back()
    await story.reader.follow(await story.last())

    assert sorted(state(held).values()) == [("between", UNREAD, 1), ("listed", READ, 1)]
    assert len(rings(held)) == 1
    story.reader.cut()
