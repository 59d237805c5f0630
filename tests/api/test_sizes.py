"""Sizes of fields, messages and pages: what meets a limit is good, and one more is refused by name."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from tests.support.api_client import READ, ApiClient, titled
from tests.support.methods import Method, methods
from tests.support.nodes import Running
from tests.support.rpc_errors import invalid, raises_status
from unisono.client import bearer
from unisono.server.model import Limits

KIB = 1024
MIB = 1024 * KIB
BELL = "\U0001f514"  # four bytes


def visual(title: str, body: str = "") -> dict[str, Any]:
    return {"visual_content": {"title": title, "body": body}}


def shown(**parts: Any) -> dict[str, Any]:
    return {"visual_content": {"title": "Hello", **parts}}


def button(**parts: str) -> dict[str, Any]:
    return shown(actions=[{"action_id": "ok", "label": "OK", **parts}])


def url(text: str) -> str:
    """The text as it is, but for a beginning that makes a URL of as many bytes of it."""
    begin, size = "https://unisono.test/", len(text.encode())
    while len(text.encode()) + len(begin) > size:
        text = text[1:]
    return begin.ljust(size - len(text.encode()), "x") + text


#: Each field of a send that has a limit in bytes, the limit, and what sends so many bytes in it.
SENDS: dict[str, tuple[int, Callable[[str], dict[str, Any]]]] = {
    "user_id": (256, lambda text: {"user_id": text}),
    "app_notification_id": (256, lambda text: {"app_notification_id": text}),
    "group_name": (256, lambda text: {"group_name": text}),
    "category": (256, lambda text: {"category": text}),
    "target_policy.endpoint_ids[0]": (256, lambda text: {"target_policy": {"endpoint_ids": [text]}}),
    "payload.visual_content.title": (KIB, lambda text: {"payload": visual(text)}),
    "payload.visual_content.body": (8 * KIB, lambda text: {"payload": visual("Hello", text)}),
    "payload.visual_content.link": (2 * KIB, lambda text: {"payload": shown(link=url(text))}),
    "payload.visual_content.icon_url": (2 * KIB, lambda text: {"payload": shown(icon_url=url(text))}),
    "payload.visual_content.image_url": (2 * KIB, lambda text: {"payload": shown(image_url=url(text))}),
    "payload.visual_content.actions[0].action_id": (64, lambda text: {"payload": button(action_id=text)}),
    "payload.visual_content.actions[0].label": (64, lambda text: {"payload": button(label=text)}),
    "payload.visual_content.actions[0].link": (2 * KIB, lambda text: {"payload": button(link=url(text))}),
    "payload.raw_content": (32 * KIB, lambda text: {"payload": {"raw_content": text.encode()}}),
}
every_send = pytest.mark.parametrize("field", SENDS)


@every_send
@pytest.mark.parametrize("character", ["x", "é", BELL], ids=["1 byte", "2 bytes", "4 bytes"])
async def test_a_field_of_a_send_may_be_as_long_as_its_limit(
    publisher: ApiClient, field: str, character: str
) -> None:
    limit, fields = SENDS[field]
    await publisher.send(**fields(character * (limit // len(character.encode()))))


@every_send
@pytest.mark.parametrize("start", ["", "é", BELL], ids=["1 byte", "2 bytes", "4 bytes"])
async def test_a_field_of_a_send_may_not_be_one_byte_longer(
    publisher: ApiClient, field: str, start: str
) -> None:
    limit, fields = SENDS[field]
    text = start + "x" * (limit + 1 - len(start.encode()))
    with invalid(field) as failure:
        await publisher.send(**fields(text))
    assert failure.violations[field] == f"must be at most {limit} bytes, is {limit + 1}"


@pytest.mark.parametrize(("length", "good"), [(KIB, True), (KIB + 1, False)])
async def test_a_patch_has_the_same_limits(publisher: ApiClient, length: int, good: bool) -> None:
    result = await publisher.send()
    if good:
        await publisher.update(result.id, content={"payload": titled("x" * length)})
        return
    with invalid("content.payload.visual_content.title"):
        await publisher.update(result.id, content={"payload": titled("x" * length)})


Act = Callable[[ApiClient, str], Awaitable[object]]

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
async def test_every_id_and_name_may_have_256_bytes(
    phone: ApiClient, field: str, act: Act, found: str
) -> None:
    try:
        await act(phone, "é" * 128)
    except grpc.aio.AioRpcError as error:
        assert error.code().name == found  # noqa: PT017
    else:
        assert not found


@every_name
async def test_no_id_and_no_name_may_have_257_bytes(
    phone: ApiClient, field: str, act: Act, found: str
) -> None:
    with invalid(field) as failure:
        await act(phone, "é" * 128 + "x")
    assert failure.violations[field] == "must be at most 256 bytes, is 257"


def padded(length: int) -> bytes:
    """A request of this many bytes: one field that the service does not know."""
    size = length - 6  # a tag of two bytes, a length of four
    varint = bytes(((size >> shift) & 0x7F) | (0x80 if shift < 21 else 0) for shift in (0, 7, 14, 21))
    return b"\xca\x3e" + varint + b"x" * size


#: The largest request of each method; of those not named, 64 KiB.
SIZES = {
    "SendNotification": 256 * KIB,
    "UpdateNotification": 256 * KIB,
    "MarkNotifications": 256 * KIB,
    "DeleteNotifications": 256 * KIB,
    "BatchSendNotifications": 4 * MIB,
}
OURS = [method for method in methods() if method.descriptor]
every_method = pytest.mark.parametrize("method", OURS, ids=lambda method: method.name)


def size_of(method: Method) -> int:
    return SIZES.get(method.name, 64 * KIB)


@every_method
async def test_a_request_of_the_size_of_its_method_is_looked_at(serving: Running, method: Method) -> None:
    body = padded(size_of(method))
    assert len(body) == size_of(method)
    try:
        await method.call(serving.channel, body, bearer(method.token()))
    except grpc.aio.AioRpcError as error:
        assert error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED  # noqa: PT017


@every_method
async def test_one_byte_more_is_refused_with_size_and_limit(serving: Running, method: Method) -> None:
    """Before it is decoded, which this could not be."""
    limit = size_of(method)
    with raises_status("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE") as failure:
        await method.call(serving.channel, b"\x07" * (limit + 1), bearer(method.token()))
    assert failure.metadata == {"size": str(limit + 1), "limit": str(limit)}


@every_method
async def test_so_is_all_that_the_transport_takes(serving: Running, method: Method) -> None:
    with raises_status("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE") as failure:
        await method.call(serving.channel, b"\x07" * 8 * MIB, bearer(method.token()))
    assert failure.metadata == {"size": str(8 * MIB), "limit": str(size_of(method))}


async def test_a_batch_of_5_mib_is_refused_and_stores_nothing(publisher: ApiClient) -> None:
    item = publisher.new(payload={"raw_content": b"x" * 32 * KIB})
    with raises_status("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE"):
        await publisher.send_all(*[item] * 160)
    assert (await publisher.feed()).last_revision == 0


async def test_beyond_8_mib_the_transport_refuses_without_details(serving: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await OURS[0].call(serving.channel, padded(8 * MIB + 1), bearer(OURS[0].token()))
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "grpc-status-details-bin" not in dict(raised.value.trailing_metadata() or ())


async def test_a_page_ends_at_1_mib(publisher: ApiClient) -> None:
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
        link_bytes=2 * KIB,
        data_bytes=4 * KIB,
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
