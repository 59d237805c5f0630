"""Signs of life: merged, written now and then, and kept when they cannot be written."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.support.core_harness import ADA, CoreHarness, running
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.core import presence as module
from unisono.server.core.presence import STEP, Presence
from unisono.server.errors import Reason, Unavailable
from unisono.server.model import Endpoint, Platform
from unisono.server.store.reads import EndpointActivity


class FailingStore(MemoryStore):
    """Counts what is written, and fails while it is down."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.down = False
        self.written: list[Sequence[EndpointActivity]] = []

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        if self.down:
            raise Unavailable(Reason.STORE_UNAVAILABLE, "no disk")
        self.written.append(activities)
        await super().record_activity(activities)


def seen(time: int, **fields: object) -> EndpointActivity:
    return EndpointActivity(feed=ADA, endpoint_id="laptop", time=time, **fields)  # type: ignore[arg-type]


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def presence(store: FailingStore) -> Presence:
    return Presence(store)


async def endpoint(store: MemoryStore, session_id: str) -> Endpoint:
    """The endpoint, registered anew for this session."""
    async with running(CoreHarness(store=store)) as harness:
        return (await harness.endpoints.register(ADA, "laptop", Platform.LINUX, "", session_id)).endpoint


async def stored(store: MemoryStore) -> Endpoint:
    (found,) = await store.endpoints(ADA)
    return found


async def test_no_more_than_so_many_wait(
    presence: Presence, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the store cannot be written for long, and devices come and go."""
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    for number in range(1, 6):
        presence.record(seen(number, ended_session=f"s{number}"))

    await presence.flush()

    assert [sign.ended_session for activities in store.written for sign in activities] == ["s3", "s4", "s5"]


async def test_many_signs_are_written_as_one(presence: Presence, store: FailingStore) -> None:
    before = await endpoint(store, "s1")
    later = before.last_seen_time + 5
    for sign in (seen(later, acknowledged_revision=3), seen(1, acknowledged_revision=7), seen(2)):
        presence.record(sign)

    await presence.flush()
    await presence.flush()

    assert [len(activities) for activities in store.written] == [1]
    after = await stored(store)
    assert (after.last_seen_time, after.acknowledged_revision) == (later, 7)


async def test_a_note_tells_the_largest_acknowledgement_so_far(presence: Presence) -> None:
    presence.record(seen(1, acknowledged_revision=7))

    assert presence.record(seen(2, acknowledged_revision=3)).acknowledged_revision == 7


async def test_what_one_registration_acknowledges_is_not_told_another(
    presence: Presence, store: FailingStore
) -> None:
    await endpoint(store, "s1")
    presence.record(seen(1, acknowledged_revision=7))
    assert presence.record(seen(2, acknowledged_revision=3, registrations=1)).acknowledged_revision == 3

    await presence.flush()

    assert (await stored(store)).acknowledged_revision == 7


async def test_the_end_of_a_session_is_written(presence: Presence, store: FailingStore) -> None:
    await endpoint(store, "s1")
    presence.record(seen(1, ended_session="s1"))
    presence.record(seen(2))

    await presence.flush()

    assert (await stored(store)).session_id == ""


async def test_the_end_of_an_old_session_does_not_end_the_new_one(
    presence: Presence, store: FailingStore
) -> None:
    await endpoint(store, "s1")
    await endpoint(store, "s2")
    presence.record(seen(1, ended_session="s1"))

    await presence.flush()

    assert (await stored(store)).session_id == "s2"


@pytest.mark.parametrize("order", [("s1", "s2"), ("s2", "s1")])
async def test_two_sessions_may_end_between_two_writes(
    presence: Presence, store: FailingStore, order: Sequence[str]
) -> None:
    """The older one may take longer to notice its end."""
    await endpoint(store, "s1")
    await endpoint(store, "s2")
    for session_id in order:
        presence.record(seen(1, ended_session=session_id))

    await presence.flush()

    assert (await stored(store)).session_id == ""


async def test_what_cannot_be_written_is_kept(presence: Presence, store: FailingStore) -> None:
    before = await endpoint(store, "s1")
    store.down = True
    presence.record(seen(before.last_seen_time + 1, acknowledged_revision=7, ended_session="s1"))
    await presence.flush()
    presence.record(seen(before.last_seen_time + 9, acknowledged_revision=3))

    store.down = False
    await presence.flush()

    after = await stored(store)
    assert (after.last_seen_time, after.acknowledged_revision) == (before.last_seen_time + 9, 7)
    assert after.session_id == ""


async def test_what_is_being_written_still_counts(presence: Presence, store: FailingStore) -> None:
    # Given a large acknowledgement that is just being written
    await endpoint(store, "s1")
    presence.record(seen(1, acknowledged_revision=7))
    during: list[int] = []

    async def note_meanwhile(activities: Sequence[EndpointActivity]) -> None:
        during.append(presence.record(seen(2, acknowledged_revision=3)).acknowledged_revision)
        await MemoryStore.record_activity(store, activities)

    store.record_activity = note_meanwhile  # type: ignore[method-assign]

    # When a smaller one comes
    await presence.flush()

    # Then the larger one is answered, and the newer sign of life is not lost
    assert during == [7]
    store.written.clear()
    del store.record_activity
    await presence.flush()
    assert [sign.time for activities in store.written for sign in activities] == [2]


async def test_a_crowd_is_written_in_steps(presence: Presence, store: FailingStore) -> None:
    """A commit that comes meanwhile waits for one of them, not for all."""
    for number in range(2 * STEP + 1):
        presence.record(replace(seen(1), endpoint_id=f"laptop-{number}"))

    await presence.flush()

    assert [len(activities) for activities in store.written] == [STEP, STEP, 1]
