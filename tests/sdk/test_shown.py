"""What has passed is not shown and does not ring, by the server's time; what is held stays the store's."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.device_script import (
    LIVE,
    Message,
    RecordedEvents,
    created,
    laptop,
    scripted_streams,
    synced,
    welcome,
)
from tests.sdk.device_script import until as reached
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import StubServer
from unisono.client import Device, Notification, Platform, Publisher
from unisono.client._convert import notification
from unisono.client._device.shown import ShownRows, badge, passes_at
from unisono.client.testing import FakeService
from unisono.v1 import notification_pb2

NOWHERE = "127.0.0.1:1"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def row(alerted: datetime, **changed: object) -> Notification:
    plain = notification(notification_pb2.Notification(id="a", read_state=notification_pb2.READ_STATE_UNREAD))
    values = {"alert_time": alerted, "expire_time": NOON + timedelta(days=7), **changed}
    return replace(plain, **values)  # type: ignore[arg-type]


def test_the_display_time_counts_from_the_last_alert() -> None:
    assert passes_at(row(NOON, display_time_to_live=MINUTE)) == NOON + MINUTE
    assert passes_at(row(NOON, create_time=NOON - 9 * MINUTE, display_time_to_live=MINUTE)) == NOON + MINUTE


def test_nothing_is_shown_after_its_life() -> None:
    assert passes_at(row(NOON)) == NOON + timedelta(days=7)
    assert passes_at(row(NOON, display_time_to_live=timedelta(days=30))) == NOON + timedelta(days=7)


def test_times_beyond_all_calendars_are_no_error() -> None:
    assert passes_at(row(NOON, display_time_to_live=timedelta.max)) == NOON + timedelta(days=7)
    assert passes_at(row(NOON, expire_time=datetime(1970, 1, 1, tzinfo=UTC))).year == 9999


spans = st.one_of(st.none(), st.integers(1, 9).map(lambda minutes: minutes * MINUTE))
rows = st.lists(
    st.builds(
        lambda alerted, shown, life: row(
            NOON + alerted * MINUTE, display_time_to_live=shown, expire_time=NOON + life * MINUTE
        ),
        st.integers(-9, 9),
        spans,
        st.integers(1, 12),
    ),
    max_size=6,
).map(tuple)


@given(held=rows, minutes=st.lists(st.integers(-12, 12), min_size=1, max_size=5))
def test_it_is_the_same_however_time_came_there(held: Sequence[Notification], minutes: list[int]) -> None:
    """What it remembers never shows, also where the clock is set back."""
    remembering, held = ShownRows(), tuple(held)
    for minute in minutes:
        now = NOON + minute * MINUTE
        shown = remembering.of(held, now)
        assert list(shown) == [one for one in held if passes_at(one) > now]
        change = remembering.changes_at(held, now)
        assert change > now
        assert all(passes_at(one) >= change for one in shown)
        assert badge(len(held), held, shown) == len(shown)


def timed(revision: int, *, alerted: int, shown: int = 0, life: int = 10**6) -> Message:
    """A new notification that alerted at this second, to be shown and to live for so many seconds."""
    message = created(revision)
    (event,) = message.event_batch.events
    event.notification.alert_time.seconds = alerted
    event.notification.expire_time.seconds = alerted + life
    if shown:
        event.notification.display_time_to_live.seconds = shown
    return message


@pytest.fixture
def now() -> int:
    """The second of the server: two hours ahead of this machine."""
    return int(time.time()) + 7200


async def test_what_has_passed_by_the_servers_clock_rings_no_more(script: StubServer, now: int) -> None:
    opening = welcome(server_time=Timestamp(seconds=now))
    said = [
        timed(1, alerted=now - 100, shown=60),
        timed(2, alerted=now, shown=3600),
        timed(3, alerted=now - 100, life=60),
    ]
    script.stream("Subscribe", scripted_streams([opening, synced(), *said]))
    device = laptop(script.target)
    recorded = RecordedEvents(device)
    async with device:
        await reached(device, lambda device: device.revision == 3)
        assert [one.id for one in device.shown] == ["id-2"]
        assert (len(device.notifications), device.unread_count, device.badge) == (3, 3, 1)
    await recorded.end()
    assert (recorded.rings, len(recorded.events)) == (["title 2"], 3)


async def test_a_later_process_knows_the_servers_time_offline(
    script: StubServer, now: int, tmp_path: object
) -> None:
    storage = StorageSpy()
    opening = welcome(server_time=Timestamp(seconds=now))
    said = [timed(1, alerted=now - 3600, life=1800), timed(2, alerted=now)]
    script.stream("Subscribe", scripted_streams([opening, synced(), *said]))
    async with laptop(script.target, storage=storage) as device:
        await reached(device, lambda device: device.revision == 2)

    async with laptop(NOWHERE, storage=storage) as device:
        assert [one.id for one in device.shown] == ["id-2"]
        assert len(device.notifications) == 2

    del storage.stored["server_clock"]
    async with laptop(NOWHERE, storage=storage) as device:
        assert len(device.shown) == 2


async def test_a_server_that_gives_no_time_is_taken_at_the_devices(script: StubServer) -> None:
    wall = int(time.time())
    said = [timed(1, alerted=wall - 100, shown=60), timed(2, alerted=wall)]
    script.stream("Subscribe", scripted_streams([*LIVE, *said]))
    async with laptop(script.target) as device:
        await reached(device, lambda device: device.revision == 2)
        assert [one.id for one in device.shown] == ["id-2"]


async def test_who_waits_is_woken_when_something_passes() -> None:
    """Nothing comes from the server then."""
    service = FakeService()
    async with (
        Publisher(service.transport, service.app_token()) as backend,
        Device(
            service.transport, service.user_token("ada"), endpoint_id="a", platform=Platform.LINUX
        ) as device,
    ):
        await backend.send("ada", title="For a moment", display_time_to_live=timedelta(milliseconds=50))
        await backend.send("ada", title="For long")
        await reached(device, lambda device: len(device.notifications) == 2)
        await reached(device, lambda device: [one.title for one in device.shown] == ["For long"])
        assert (len(device.notifications), device.unread_count, device.badge) == (2, 2, 1)
