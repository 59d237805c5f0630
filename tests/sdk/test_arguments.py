"""Bad input is refused at once, by an error that names the argument, what it must be, and what it is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.processes import TIMEOUT
from unisono.client import (
    Action,
    Backoff,
    BlockingPublisher,
    Device,
    Everything,
    FileStorage,
    InvalidRequest,
    Notification,
    Platform,
    Publisher,
    ReadState,
    Status,
    Unauthenticated,
    UserActionState,
    create_channel,
    draft,
)
from unisono.client.testing import FakeService

#: Arguments that mypy would refuse, too: whoever does not use it is to learn of them here.
WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a keyword that nobody knows": (lambda p: p.send("ada", title="x", colour="red"), "no argument 'colour'"),
    "a keyword that is misspelt": (
        lambda p: p.send("ada", title="x", platform=[Platform.IOS]),
        "no argument 'platform'; did you mean 'platforms'",
    ),
    "a misspelt state": (
        lambda p: p.mark("ada", "id", read_state=ReadState.READ, up_to_revison=1),
        "did you mean 'up_to_revision'",
    ),
    "a misspelt patch": (lambda p: p.update("ada", "id", titel="x"), "did you mean 'title'"),
    "a user that is a number": (lambda p: p.send(3, title="x"), "user_id: must be a str; is 3"),
    "a title that is a number": (lambda p: p.send("ada", title=3), "title: must be a str; is 3"),
    "a title that is None": (lambda p: p.send("ada", title=None), "title: must be a str; is None"),
    "a title in bytes": (lambda p: p.send("ada", title=b"x"), "title: must be a str; is b'x'"),
    "a key that is a number": (lambda p: p.send("ada", title="x", app_notification_id=17), "is 17"),
    "one string for several": (
        lambda p: p.send("ada", title="x", endpoint_ids="laptop"),
        "endpoint_ids: must be several, each a str; is 'laptop'",
    ),
    "a list for texts by name": (
        lambda p: p.send("ada", data=["x"]),
        r"data: must be a mapping of str to str; is \['x'\]",
    ),
    "a number for a text": (lambda p: p.send("ada", data={"a": 1}), r"data\['a'\]: must be a str; is 1"),
    "a number for a name": (lambda p: p.send("ada", data={1: "a"}), "a key of data: must be a str; is 1"),
    "no new data": (lambda p: p.update("ada", "id", data=None), "data: must be a mapping"),
    "an action that is a dict": (
        lambda p: p.send("ada", title="x", actions=[{"action_id": "a", "label": "A"}]),
        r"actions\[0\]: must be a Action; is {",
    ),
    "a label that is a number": (
        lambda p: p.send("ada", title="x", actions=[Action(action_id="a", label=3)]),  # type: ignore[arg-type]
        r"actions\[0\].label: must be a str; is 3",
    ),
    "a format by its name": (
        lambda p: p.send("ada", title="x", format="markdown"),
        "format: must be a BodyFormat, such as BodyFormat.MARKDOWN; is 'markdown'",
    ),
    "a wrong one of several": (
        lambda p: p.send("ada", title="x", endpoint_ids=["laptop", 3]),
        r"endpoint_ids\[1\]: must be a str; is 3",
    ),
    "an enum by its name": (
        lambda p: p.send("ada", title="x", priority="high"),
        "priority: must be a Priority, such as Priority.LOW; is 'high'",
    ),
    "a platform by its number": (lambda p: p.send("ada", title="x", platforms=[2]), r"platforms\[0\]: must"),
    "a span for a time": (
        lambda p: p.send("ada", title="x", expire_time=timedelta(1)),
        "expire_time: must be a datetime",
    ),
    "a number for a span": (
        lambda p: p.send("ada", title="x", display_time_to_live=60),
        "display_time_to_live: must be a timedelta; is 60",
    ),
    "a draft that is a dict": (lambda p: p.batch([{"title": "x"}]), "drafts: must be a SendNotification"),
    "a state by its name": (lambda p: p.mark("ada", "id", read_state="READ"), "such as ReadState.READ"),
    "a selector that is a class": (
        lambda p: p.mark("ada", Everything, read_state=ReadState.READ),
        "selector: must be .* or a Everything; is <class",
    ),
    "a group by its name": (lambda p: p.delete_many("ada", {"g": 1}.get), "selector: must be"),
    "a state to delete by its name": (
        lambda p: p.delete_many("ada", "id", read_state="READ"),
        "such as ReadState.READ",
    ),
    "a last revision that is a truth": (
        lambda p: p.delete_many("ada", "id", up_to_revision=True),
        "up_to_revision: must be",
    ),
    "a notification that is a number": (lambda p: p.delete("ada", 3), "notification: must be a str or a Key"),
    "a revision that is a text": (lambda p: p.delete("ada", "id", expected_revision="3"), "int or None"),
    "a revision that is a truth": (lambda p: p.delete("ada", "id", expected_revision=True), "is True"),
    "a time that is a text": (lambda p: p.send("ada", title="x", timeout="5"), "number of seconds"),
    "a time without an end": (lambda p: p.send("ada", title="x", timeout=float("inf")), "is inf"),
}


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
async def publisher(service: FakeService) -> AsyncIterator[Publisher]:
    async with Publisher(service.transport, service.app_token()) as publisher:
        yield publisher


@pytest.mark.parametrize("name", list(WRONG))
async def test_an_argument_that_is_wrong(service: FakeService, publisher: Publisher, name: str) -> None:
    call, said = WRONG[name]
    with pytest.raises(TypeError, match=said):
        await call(publisher)
    assert service.notifications("ada") == ()


async def test_a_filter_that_is_misspelt_is_refused_before_anything_is_listed(publisher: Publisher) -> None:
    with pytest.raises(TypeError, match="did you mean 'read_state'"):
        publisher.list("ada", readstate=ReadState.READ)  # type: ignore[call-arg]


async def test_a_text_that_cannot_be_written(publisher: Publisher) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await publisher.send("ada", title="\ud800")
    assert raised.value.violations == {"title": "has a lone surrogate, which no text can have"}


async def test_a_text_of_data_that_cannot_be_written(publisher: Publisher) -> None:
    for data, named in (({"a": "\ud800"}, "data['a']"), ({"\ud800": ""}, "a key of data")):
        with pytest.raises(InvalidRequest) as raised:
            await publisher.send("ada", data=data)
        assert list(raised.value.violations) == [named]


async def test_a_long_value_is_not_repeated_in_full(publisher: Publisher) -> None:
    with pytest.raises(TypeError) as raised:
        await publisher.send("ada", title=b"x" * 100_000)  # type: ignore[arg-type]
    assert len(str(raised.value)) < 200


async def test_several_may_come_from_a_generator(publisher: Publisher, service: FakeService) -> None:
    await publisher.send("ada", title="x", platforms=(p for p in (Platform.IOS, Platform.WEB)))
    (sent,) = service.notifications("ada")
    assert sent.platforms == (Platform.IOS, Platform.WEB)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"endpoint_id": None}, "endpoint_id: must be a str; is None"),
        ({"platform": "linux"}, "platform: must be a Platform, such as Platform.LINUX; is 'linux'"),
        ({"start": "now"}, "start: must be a StartPosition"),
        ({"storage": "inbox.db"}, r"storage: must be a Storage, such as FileStorage\(path\); is 'inbox.db'"),
    ],
)
def test_a_device_that_is_made_wrong(service: FakeService, options: dict[str, Any], said: str) -> None:
    made = {"endpoint_id": "laptop", "platform": Platform.LINUX, **options}
    with pytest.raises(TypeError, match=said):
        Device(service.transport, "token", **made)


@pytest.mark.parametrize("kind", [Publisher, BlockingPublisher])
def test_a_token_that_is_none(kind: Any) -> None:
    with pytest.raises(TypeError, match="token: must be an access token, or a function"):
        kind("127.0.0.1:50051", 7)
    with pytest.raises(Unauthenticated, match="characters that no access token has"):
        kind("127.0.0.1:50051", "line one\nline two")


def test_the_token_of_a_device_that_is_none() -> None:
    with pytest.raises(TypeError, match="token: must be an access token, or a function"):
        Device("127.0.0.1:50051", 7, endpoint_id="a", platform=Platform.WEB)  # type: ignore[arg-type]


async def test_a_token_read_from_a_file_with_its_newline(service: FakeService) -> None:
    token = service.app_token()
    for source in (f"{token}\n", lambda: f" {token}\n"):
        async with Publisher(service.transport, source) as publisher:
            await publisher.send("ada", title="x")


async def test_a_provider_that_gives_none(service: FakeService) -> None:
    async with Publisher(service.transport, lambda: None) as publisher:  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="token: must be a str; is None"):
            await publisher.get_feed("ada")


@pytest.mark.parametrize(
    "target",
    ["localhost", "localhost:", "localhost:0", "127.0.0.1:99999", "http://localhost:50051", "a b:1", ""],
)
def test_an_address_that_is_none(target: str) -> None:
    with pytest.raises(ValueError, match="target: must be HOST:PORT, such as"):
        create_channel(target)
    with pytest.raises(ValueError, match="target: must be HOST:PORT, such as"):
        Publisher(target, "token")
    with pytest.raises(TypeError, match="target: must be HOST:PORT or a transport; is 50051"):
        Publisher(50051, "token")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "target", ["a-host.test:1", "[::1]:50051", "dns:///a-host.test:443", "unix:/run/unisono.sock"]
)
async def test_an_address_may_be_anything_that_grpc_knows(target: str) -> None:
    async with Publisher(target, "token"):
        await create_channel(target).close()


def test_certificates_that_are_none() -> None:
    with pytest.raises(ValueError, match="root_certificates: must be certificates in PEM"):
        Publisher("127.0.0.1:50051", "token", root_certificates=b"junk")


async def test_a_device_that_was_not_opened_says_so(service: FakeService) -> None:
    device = Device(service.transport, service.user_token("ada"), endpoint_id="a", platform=Platform.WEB)
    with pytest.raises(RuntimeError, match="not open: use `async with`"):
        await device.wait_for(lambda device: device.status is Status.LIVE)
    with pytest.raises(RuntimeError, match="not open: use `async with`"):
        await device.mark_read("id")
    async with device:
        with pytest.raises(RuntimeError, match="open already"):
            await device.open()
        await device.wait_for(lambda device: device.status is Status.LIVE)
    with pytest.raises(RuntimeError, match="closed"):
        await device.open()


async def test_a_storage_is_for_one_device(service: FakeService, tmp_path: Any) -> None:
    storage = FileStorage(tmp_path / "inbox")
    token = service.user_token("ada")
    async with Device(service.transport, token, endpoint_id="a", platform=Platform.WEB, storage=storage):
        pass
    with pytest.raises(Exception, match="was closed with its device; make another one"):
        async with Device(service.transport, token, endpoint_id="a", platform=Platform.WEB, storage=storage):
            pass


async def test_a_snooze_takes_a_time_or_a_while(service: FakeService, publisher: Publisher) -> None:
    token = service.user_token("ada")
    await publisher.send("ada", title="x")
    async with Device(service.transport, token, endpoint_id="a", platform=Platform.WEB) as device:
        async with asyncio.timeout(TIMEOUT):
            await device.wait_for(lambda device: device.unread_count == 1)
        for until in (datetime.now(UTC) + timedelta(hours=1), timedelta(hours=1)):
            await device.snooze(device.notifications[0], until)
            (row,) = service.notifications("ada")
            assert row.user_action_state is UserActionState.SNOOZED
            assert row.snooze_until is not None
            away = row.snooze_until - datetime.now(UTC) - timedelta(hours=1)
            assert abs(away) < timedelta(minutes=1)


def test_a_publisher_may_be_made_before_its_event_loop_and_has_one(service: FakeService) -> None:
    once = Backoff(initial=1000.0, maximum=1000.0)
    publisher = Publisher("127.0.0.1:1", "token", backoff=once)

    async def call() -> None:
        await publisher.get_feed("ada", timeout=100)

    with pytest.raises(Exception, match="connect"):
        asyncio.run(call())
    with pytest.raises(RuntimeError, match="belongs to another event loop"):
        asyncio.run(call())


def test_enums_read_as_their_names() -> None:
    assert f"{ReadState.READ} {Platform.IOS!s:>5}" == "READ   IOS"


def test_a_draft_is_checked_when_it_is_made() -> None:
    with pytest.raises(InvalidRequest, match="expire_time: must have a time zone"):
        draft("ada", title="x", expire_time=datetime(2030, 1, 1))  # noqa: DTZ001


def test_what_a_call_returned_names_a_notification(service: FakeService) -> None:
    with BlockingPublisher(service.transport, service.app_token()) as publisher:
        sent = publisher.send("ada", title="x")
        row = publisher.get("ada", sent)
        assert isinstance(row, Notification)
        assert publisher.delete("ada", row).revision == 2
