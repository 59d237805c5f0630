"""Every call of a publisher, against a real node: what goes in, what comes out, and what it raises."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support import tokens
from tests.support.nodes import Running
from unisono.client import (
    Device,
    EndpointDeleted,
    Everything,
    Feed,
    Group,
    InvalidRequest,
    Key,
    KeyConflict,
    NotFound,
    PermissionDenied,
    Platform,
    Priority,
    Publisher,
    ReadState,
    RevisionMismatch,
    SenderRole,
    Status,
    Unauthenticated,
    UserActionState,
    draft,
)

LATER = timedelta(hours=1)
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


async def test_what_is_sent_can_be_read(backend: Publisher) -> None:
    sent = await backend.send(
        "ada",
        title="Parcel",
        body="At the door",
        raw_content=b"\x00\x01",
        app_notification_id="parcel",
        group_name="parcels",
        priority=Priority.HIGH,
        platforms=[Platform.LINUX, Platform.IOS],
        endpoint_ids=["tablet"],
        display_time_to_live=timedelta(minutes=5),
        expire_time=SOON,
    )

    row = await backend.get("ada", sent)

    assert (row.id, row.app_id, row.user_id) == (sent.id, "mail.test", "ada")
    assert (row.title, row.body, row.raw_content) == ("Parcel", "At the door", b"\x00\x01")
    assert (row.app_notification_id, row.group_name) == ("parcel", "parcels")
    assert (row.priority, row.sender_role) == (Priority.HIGH, SenderRole.PUBLISHER)
    assert row.platforms == (Platform.IOS, Platform.LINUX) or row.platforms == (Platform.LINUX, Platform.IOS)
    assert row.endpoint_ids == ("tablet",)
    assert (row.display_time_to_live, row.expire_time) == (timedelta(minutes=5), SOON)
    assert (row.read_state, row.user_action_state) == (ReadState.UNREAD, UserActionState.NO_INTERACTION)
    assert row.revision == row.alert_revision == sent.revision == 1
    assert row.create_time == row.update_time == sent.create_time
    assert row.create_time.tzinfo is UTC
    assert row.counts_as_unread
    assert row == await backend.get("ada", Key("parcel")) == await backend.get("ada", row)
    assert row == await backend.get("ada", row.id)


async def test_history_comes_page_by_page_newest_first(backend: Publisher) -> None:
    await backend.batch(draft("ada", title=str(n), group_name="odd" if n % 2 else "") for n in range(12))

    titles = [row.title async for row in backend.list("ada", page_size=5)]
    odd = [row.title async for row in backend.list("ada", page_size=2, group_name="odd")]
    ungrouped = [row.title async for row in backend.list("ada", group_name="")]
    read = [row.title async for row in backend.list("ada", read_state=ReadState.READ)]

    assert titles == [str(n) for n in reversed(range(12))]
    assert odd == ["11", "9", "7", "5", "3", "1"]
    assert ungrouped == ["10", "8", "6", "4", "2", "0"]
    assert read == []
    assert [row async for row in backend.list("ada", start_time=SOON)] == []
    assert len([row async for row in backend.list("ada", end_time=SOON)]) == 12


async def test_content_is_patched_and_cleared(backend: Publisher) -> None:
    sent = await backend.send("ada", title="a", body="b", group_name="g", priority=Priority.LOW)

    renamed = await backend.update("ada", sent, group_name="h")
    rewritten = await backend.update("ada", sent, title="A", silent=True)
    cleared = await backend.update("ada", sent, group_name=None, priority=None)

    assert (renamed.title, renamed.body, renamed.group_name) == ("a", "b", "h")
    assert (rewritten.title, rewritten.body, rewritten.alert_revision) == ("A", "", 1)
    assert (cleared.title, cleared.group_name, cleared.priority) == ("A", "", Priority.UNSPECIFIED)
    with pytest.raises(RevisionMismatch) as raised:
        await backend.update("ada", sent, title="late", expected_revision=1)
    assert raised.value.metadata["revision"] == "4"


async def test_states_are_marked_by_reference_by_group_and_all(backend: Publisher) -> None:
    a = await backend.send("ada", title="a", group_name="g", app_notification_id="a")
    b = await backend.send("ada", title="b", group_name="g")
    await backend.send("ada", title="c")

    read = await backend.mark("ada", [Key("a"), "no-such-id"], read_state=ReadState.READ)
    group = await backend.mark("ada", Group("g"), user_action_state=UserActionState.DISMISSED)
    snoozed = await backend.mark(
        "ada",
        b,
        user_action_state=UserActionState.SNOOZED,
        snooze_until=datetime.now(UTC) + timedelta(hours=1),
    )
    some = await backend.mark("ada", Everything(), read_state=ReadState.READ, up_to_revision=1)

    assert (read.changed, read.not_found, read.unread_count) == (1, ("no-such-id",), 2)
    assert (group.changed, group.unread_count) == (2, 1)
    assert snoozed.changed == 1
    assert (some.changed, some.skipped) == (0, 2)
    assert (await backend.get_feed("ada")) == Feed(last_revision=some.last_revision, unread_count=1)
    with pytest.raises(RevisionMismatch):
        await backend.mark("ada", a, read_state=ReadState.UNREAD, expected_revision=1)


async def test_what_is_withdrawn_is_gone(backend: Publisher) -> None:
    sent = await backend.send("ada", title="a", app_notification_id="a")

    first = await backend.delete("ada", Key("a"))
    second = await backend.delete("ada", sent)
    again = await backend.send("ada", title="a", app_notification_id="a")

    assert (first.already_removed, second.already_removed) == (False, True)
    assert first.revision == second.revision == 2
    assert (again.id, again.deduplicated, again.removed) == (sent.id, True, True)
    with pytest.raises(NotFound):
        await backend.get("ada", sent)


async def test_the_devices_of_a_user_are_seen(node: Running, backend: Publisher) -> None:
    assert await backend.list_endpoints("ada") == ()
    laptop = Device(
        node.target,
        tokens.device(),
        endpoint_id="laptop",
        platform=Platform.LINUX,
        display_name="Ada's laptop",
    )
    async with laptop:
        await laptop.wait_for(lambda device: device.status is Status.LIVE)
        (endpoint,) = await backend.list_endpoints("ada")

    assert (endpoint.endpoint_id, endpoint.platform) == ("laptop", Platform.LINUX)
    assert (endpoint.display_name, endpoint.connected) == ("Ada's laptop", True)


async def test_a_lost_device_is_deleted(node: Running, backend: Publisher) -> None:
    phone = Device(node.target, tokens.device(), endpoint_id="phone", platform=Platform.IOS)
    async with phone:
        await phone.wait_for(lambda device: device.status is Status.LIVE)
        assert await backend.delete_endpoint("ada", "phone", may_return=True) is True
        await phone.wait_for(lambda device: device.status is Status.CLOSED)
        assert isinstance(phone.error, EndpointDeleted)

    # It may not return any more.
    assert await backend.delete_endpoint("ada", "phone") is True
    assert await backend.delete_endpoint("ada", "phone") is False
    assert await backend.list_endpoints("ada") == ()
    with pytest.raises(NotFound):
        await backend.delete_endpoint("ada", "tablet")


async def test_errors_say_what_is_wrong(node: Running, backend: Publisher) -> None:
    await backend.send("ada", title="a", app_notification_id="key")
    with pytest.raises(InvalidRequest) as invalid:
        await backend.send("ada\n", title="x" * 2000)
    with pytest.raises(KeyConflict):
        await backend.send("ada", title="other", app_notification_id="key")
    with pytest.raises(InvalidRequest, match="time zone") as naive:
        await backend.send("ada", title="a", expire_time=datetime(2030, 1, 1))  # noqa: DTZ001
    async with Publisher(node.target, tokens.device("bob")) as bob:
        with pytest.raises(PermissionDenied):
            await bob.get_feed("ada")
    async with Publisher(node.target, "no token") as nobody:
        with pytest.raises(Unauthenticated):
            await nobody.get_feed("ada")

    assert set(invalid.value.violations) == {"user_id", "payload.visual_content.title"}
    assert set(naive.value.violations) == {"expire_time"}
