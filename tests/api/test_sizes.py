"""Sizes of fields, messages and pages: what meets a limit is good, and one more is refused by name."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from tests.support import tokens
from tests.support.callers import READ, Caller, titled
from tests.support.methods import Method, methods
from tests.support.nodes import Running
from tests.support.refusals import invalid, refused
from unisono.client import bearer
from unisono.server.model import Limits

KIB = 1024
MIB = 1024 * KIB
BELL = "\U0001f514"  # four bytes


def visual(title: str, body: str = "") -> dict[str, Any]:
    return {"visual_content": {"title": title, "body": body}}


#: Each field of a send that has a limit in bytes, the limit, and what sends so many bytes in it.
SENDS: dict[str, tuple[int, Callable[[str], dict[str, Any]]]] = {
    "user_id": (256, lambda text: {"user_id": text}),
    "app_notification_id": (256, lambda text: {"app_notification_id": text}),
    "group_name": (256, lambda text: {"group_name": text}),
    "target_policy.endpoint_ids[0]": (256, lambda text: {"target_policy": {"endpoint_ids": [text]}}),
    "payload.visual_content.title": (KIB, lambda text: {"payload": visual(text)}),
    "payload.visual_content.body": (8 * KIB, lambda text: {"payload": visual("Hello", text)}),
    "payload.raw_content": (32 * KIB, lambda text: {"payload": {"raw_content": text.encode()}}),
}
every_send = pytest.mark.parametrize("field", SENDS)


@every_send
@pytest.mark.parametrize("character", ["x", "é", BELL], ids=["1 byte", "2 bytes", "4 bytes"])
async def test_a_field_of_a_send_may_be_as_long_as_its_limit(
    publisher: Caller, field: str, character: str
) -> None:
    limit, fields = SENDS[field]
    await publisher.send(**fields(character * (limit // len(character.encode()))))


@every_send
@pytest.mark.parametrize("start", ["", "é", BELL], ids=["1 byte", "2 bytes", "4 bytes"])
async def test_a_field_of_a_send_may_not_be_one_byte_longer(
    publisher: Caller, field: str, start: str
) -> None:
    limit, fields = SENDS[field]
    text = start + "x" * (limit + 1 - len(start.encode()))
    with invalid(field) as refusal:
        await publisher.send(**fields(text))
    assert refusal.violations[field] == f"must be at most {limit} bytes, is {limit + 1}"


@pytest.mark.parametrize(("length", "good"), [(KIB, True), (KIB + 1, False)])
async def test_a_patch_has_the_same_limits(publisher: Caller, length: int, good: bool) -> None:
    result = await publisher.send()
    if good:
        await publisher.update(result.id, content={"payload": titled("x" * length)})
        return
    with invalid("content.payload.visual_content.title"):
        await publisher.update(result.id, content={"payload": titled("x" * length)})


Act = Callable[[Caller, str], Awaitable[object]]

#: Ids and names in other requests of a device: the field, what sends it, and what is found then.
NAMES: dict[str, tuple[str, Act, str]] = {
    "a name": ("display_name", lambda phone, text: phone.register(display_name=text), ""),
    "a new name": ("display_name", lambda phone, text: phone.rename(text), ""),
    "a name at a stream": ("display_name", lambda phone, text: phone.welcome(display_name=text), ""),
    "an endpoint": ("endpoint_id", lambda phone, text: phone.register(endpoint_id=text), ""),
    "a stream": ("endpoint_id", lambda phone, text: phone.welcome(endpoint_id=text), ""),
    "a sender": ("endpoint_id", lambda phone, text: phone.send(endpoint_id=text), ""),
    "a reader": ("endpoint_id", lambda phone, text: phone.endpoint(endpoint_id=text), "NOT_FOUND"),
    "a group": ("group_name", lambda phone, text: phone.history(group_name=text), ""),
    "a marked group": ("group_name", lambda phone, text: phone.mark(group_name=text, read_state=READ), ""),
    "an id": ("notification.id", lambda phone, text: phone.get(text), "NOT_FOUND"),
    "a key": ("notification.app_notification_id", lambda phone, text: phone.get("", text), "NOT_FOUND"),
    "an id to mark": (
        "references.refs[0].id",
        lambda phone, text: phone.mark(text, read_state=READ),
        "NOT_FOUND",
    ),
}
every_name = pytest.mark.parametrize(("field", "act", "found"), NAMES.values(), ids=NAMES)


@every_name
async def test_every_id_and_name_may_have_256_bytes(phone: Caller, field: str, act: Act, found: str) -> None:
    try:
        await act(phone, "é" * 128)
    except grpc.aio.AioRpcError as error:
        assert error.code().name == found  # noqa: PT017
    else:
        assert not found


@every_name
async def test_no_id_and_no_name_may_have_257_bytes(phone: Caller, field: str, act: Act, found: str) -> None:
    with invalid(field) as refusal:
        await act(phone, "é" * 128 + "x")
    assert refusal.violations[field] == "must be at most 256 bytes, is 257"


def padded(length: int) -> bytes:
    """A request of this many bytes: one field that the service does not know."""
    size = length - 6  # a tag of two bytes, a length of four
    varint = bytes(((size >> shift) & 0x7F) | (0x80 if shift < 21 else 0) for shift in (0, 7, 14, 21))
    return b"\xca\x3e" + varint + b"x" * size


def get_feed() -> Method:
    return next(method for method in methods() if method.name == "GetFeed")


async def test_a_request_may_have_4_mib(serving: Running) -> None:
    body = padded(4 * MIB)
    assert len(body) == 4 * MIB
    await get_feed().call(serving.channel, body, bearer(tokens.device()))


@pytest.mark.parametrize("length", [4 * MIB + 1, 5 * MIB, 8 * MIB])
async def test_a_longer_one_is_refused_with_size_and_limit(serving: Running, length: int) -> None:
    with refused("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE") as refusal:
        await get_feed().call(serving.channel, padded(length), bearer(tokens.device()))
    assert refusal.metadata == {"size": str(length), "limit": str(4 * MIB)}


async def test_a_batch_of_5_mib_is_refused_and_stores_nothing(publisher: Caller) -> None:
    item = publisher.new(payload={"raw_content": b"x" * 32 * KIB})
    with refused("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE"):
        await publisher.send_all(*[item] * 160)
    assert (await publisher.feed()).last_revision == 0


async def test_beyond_8_mib_the_transport_refuses_without_details(serving: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await get_feed().call(serving.channel, padded(8 * MIB + 1), bearer(tokens.device()))
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "grpc-status-details-bin" not in dict(raised.value.trailing_metadata() or ())


async def test_a_page_ends_at_1_mib(publisher: Caller) -> None:
    new = publisher.new(payload={"raw_content": b"x" * 32 * KIB})
    results = await publisher.send_all(*[new] * 40)
    first = await publisher.history(page_size=500)
    sizes = [notification.ByteSize() for notification in first.notifications]
    assert sum(sizes) <= MIB < sum(sizes) + sizes[-1]
    second = await publisher.history(page_size=500, page_token=first.next_page_token)
    listed = [notification.id for page in (first, second) for notification in page.notifications]
    assert listed == [sent.result.id for sent in reversed(results)]
    assert not second.next_page_token


def test_the_defaults_are_those_of_the_contract() -> None:
    assert Limits() == Limits(
        id_bytes=256,
        title_bytes=1 * KIB,
        body_bytes=8 * KIB,
        raw_content_bytes=32 * KIB,
        request_bytes=4 * MIB,
        batch_items=1000,
        mark_references=500,
        target_endpoints=100,
        page_items=500,
        page_default_items=50,
        page_bytes=1 * MIB,
        endpoints_per_user=100,
        streams_per_user=50,
        live_notifications_per_feed=10_000,
        access_token_bytes=16 * KIB,
        expire_after_max=30 * 24 * 3600 * 1000,
        expire_after_default=7 * 24 * 3600 * 1000,
    )
