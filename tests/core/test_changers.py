"""Each change of a notification keeps who made it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.support.builders import a_payload
from tests.support.core_harness import ADA, CoreHarness, running
from unisono.server.core.decide.commands import (
    Actor,
    Delete,
    DeleteMany,
    EncodedContent,
    Mark,
    Ref,
    StatePatch,
    Update,
)
from unisono.server.core.decide.results import DeleteStep, MarkStep
from unisono.server.core.notifications import SendRequest
from unisono.server.model import (
    EVERY_ENDPOINT,
    Limits,
    Notification,
    Platform,
    ReadState,
    SenderRole,
    TargetPolicy,
    UserActionState,
)

BACKEND = Actor(feed=ADA, role=SenderRole.PUBLISHER, client_id="mail-backend")
PHONE = Actor(feed=ADA, role=SenderRole.USER, endpoint_id="phone")
READ = StatePatch(read_state=ReadState.READ)
IOS = TargetPolicy.of((Platform.IOS,), ())


@pytest.fixture
async def harness() -> AsyncIterator[CoreHarness]:
    async with running(CoreHarness(limits=Limits(live_notifications_per_feed=2))) as harness:
        yield harness


async def send(harness: CoreHarness, actor: Actor = BACKEND, **fields: object) -> Notification:
    request = SendRequest(
        actor=actor,
        key="",
        content=EncodedContent(payload=a_payload("Hello")),
        target=EVERY_ENDPOINT,
        replace=True,
    )
    return (await harness.notifications.send(replace(request, **fields))).notification  # type: ignore[arg-type]


async def changed_by(harness: CoreHarness, row: Notification) -> str:
    (found,) = await harness.store.find(ADA, ids=[row.id])
    return found.changed_by


async def test_who_sends(harness: CoreHarness) -> None:
    assert await changed_by(harness, await send(harness)) == "publisher mail-backend"
    assert await changed_by(harness, await send(harness, PHONE)) == "endpoint phone"


async def test_who_sends_again(harness: CoreHarness) -> None:
    first = await send(harness, key="order", content=EncodedContent(payload=a_payload("One")))
    other = replace(BACKEND, client_id="other")
    await send(harness, other, key="order", content=EncodedContent(payload=a_payload("Two")))
    assert await changed_by(harness, first) == "publisher other"
    await send(harness, key="order", target=IOS)
    assert await changed_by(harness, first) == "publisher mail-backend"


async def test_who_marks_updates_and_withdraws(harness: CoreHarness) -> None:
    row = await send(harness)
    await harness.commits.submit(Mark(actor=PHONE, patch=READ, refs=(Ref(id=row.id),)), MarkStep)
    assert await changed_by(harness, row) == "endpoint phone"
    await harness.commits.submit(Mark(actor=BACKEND, patch=READ, refs=(Ref(id=row.id),)), MarkStep)
    assert await changed_by(harness, row) == "endpoint phone", "that changed nothing"
    content = EncodedContent(payload=a_payload("Else"))
    mask = frozenset(("payload",))
    await harness.notifications.update(Update(actor=BACKEND, ref=Ref(id=row.id), content=content, mask=mask))
    assert await changed_by(harness, row) == "publisher mail-backend"
    await harness.notifications.delete(Delete(actor=PHONE, ref=Ref(id=row.id)))
    assert await changed_by(harness, row) == "endpoint phone"


async def test_who_withdraws_many(harness: CoreHarness) -> None:
    row = await send(harness)
    await harness.commits.submit(DeleteMany(actor=PHONE, refs=(Ref(id=row.id),)), DeleteStep)
    assert await changed_by(harness, row) == "endpoint phone"


async def test_what_the_service_does_by_itself(harness: CoreHarness) -> None:
    now = harness.clock.now()
    row = await send(harness, content=EncodedContent(payload=a_payload("Hello"), expire_time=now + 9000))
    snooze = StatePatch(user_action_state=UserActionState.SNOOZED, snooze_until=now + 3000)
    await harness.commits.submit(Mark(actor=PHONE, patch=snooze, refs=(Ref(id=row.id),)), MarkStep)
    assert await changed_by(harness, row) == "endpoint phone"
    for seconds in (4, 6):
        harness.clock.advance(seconds)
        await harness.sweeper.sweep()
        assert await changed_by(harness, row) == "service"


async def test_what_gives_way_is_taken_by_the_service(harness: CoreHarness) -> None:
    row = await send(harness)
    await harness.commits.submit(Mark(actor=PHONE, patch=READ, refs=(Ref(id=row.id),)), MarkStep)
    await send(harness)
    await send(harness)
    (found,) = await harness.store.find(ADA, ids=[row.id])
    assert (found.live, found.changed_by) == (False, "service")
