"""A batch: a result for each item, in order; what is wrong with one harms no other."""

import gc
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from tests.support import tokens
from tests.support.api_client import REPLACE, ApiClient, time_of, titled
from tests.support.devices import Device
from tests.support.methods import Method, methods
from tests.support.nodes import Running, Setup, running
from tests.support.rpc_errors import DETAILS_KEY, assert_details, raises_status
from unisono.client import bearer
from unisono.v1.notification_service_pb2 import BatchSendNotificationsResponse, BatchSendResult

KEY = "order-17"

#: What is wrong with an item that follows one with the same key.
BAD: dict[str, dict[str, Any]] = {
    "no user": {"user_id": ""},
    "no title": {"title": ""},
    "several fields": {"user_id": "", "title": "\0", "expire_time": time_of(1), "priority": 9},
    "an endpoint": {"endpoint_id": "phone"},
    "expiry in the past": {"app_notification_id": "", "expire_time": time_of(1)},
    "a key that is taken": {"title": "Other"},
}


def errors(results: list[BatchSendResult]) -> list[str]:
    """What came of each item: its reason, or that it is good."""
    return ["bad" if item.HasField("error") else "good" for item in results]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_a_bad_item_fails_as_it_would_alone_and_the_others_are_sent(
    publisher: ApiClient, bad: dict[str, Any]
) -> None:
    good = publisher.new(app_notification_id=KEY)
    wrong = {"app_notification_id": KEY, **bad}
    results = await publisher.send_all(good, publisher.new(**wrong), publisher.new(), publisher.new(**wrong))
    assert errors(results) == ["good", "bad", "good", "bad"]
    with pytest.raises(grpc.aio.AioRpcError) as alone:
        await publisher.send(**wrong)
    status = status_pb2.Status.FromString(dict(alone.value.trailing_metadata() or ())[DETAILS_KEY])
    for item in (results[1], results[3]):
        error = item.error
        assert status == status_pb2.Status(code=error.code, message=error.message, details=error.details)
        assert_details(status)
    assert [item.result.revision for item in results] == [1, 0, 2, 0]


async def test_the_results_are_in_the_order_of_the_items(publisher: ApiClient) -> None:
    titles = [f"Number {number}" for number in range(20)]
    results = await publisher.send_all(*[publisher.new(title) for title in titles])
    assert [item.result.revision for item in results] == list(range(1, 21))
    stored = [await publisher.get(item.result.id) for item in results]
    assert [row.payload for row in stored] == [titled(title) for title in titles]


async def test_items_may_be_for_any_users(publisher: ApiClient, serving: Running, user_id: str) -> None:
    users = [f"{user_id}-{number}" for number in (0, 1, 0, 2, 1)]
    results = await publisher.send_all(*[publisher.new(user_id=user) for user in users])
    assert [item.result.revision for item in results] == [1, 1, 2, 1, 2]
    for item, user in zip(results, users, strict=True):
        device = ApiClient(serving.user(user), endpoint_id="phone")
        assert (await device.get(item.result.id)).user_id == user


async def test_devices_of_all_users_hear_of_it(publisher: ApiClient, serving: Running, user_id: str) -> None:
    devices = [await Device(serving.user(f"{user_id}-{n}"), "phone").connect() for n in range(3)]
    results = await publisher.send_all(*[publisher.new(user_id=f"{user_id}-{n}") for n in range(3)])
    for device, item in zip(devices, results, strict=True):
        await device.at(1)
        assert list((await device.disconnect()).notifications) == [item.result.id]


async def test_equal_keys_act_in_order(publisher: ApiClient) -> None:
    def new(title: str, **fields: Any) -> Any:
        return publisher.new(title, app_notification_id=KEY, **fields)

    results = await publisher.send_all(
        new("First"),
        new("First"),
        new("Second"),
        new("Second", on_conflict=REPLACE),
        new("First"),
        new("Second"),
        new("Second", target_policy={"platforms": [1]}, on_conflict=REPLACE),
        new("Second"),
    )
    assert errors(results) == ["good", "good", "bad", "good", "bad", "good", "good", "good"]
    got = [item.result for item in results]
    assert [sent.revision for sent in got] == [1, 1, 0, 2, 0, 2, 4, 3]
    assert [sent.deduplicated for sent in got] == [False, True, False, False, False, True, False, True]
    assert [sent.removed for sent in got] == [False] * 7 + [True]
    assert got[0].id == got[1].id == got[3].id == got[5].id == got[7].id != got[6].id
    assert (await publisher.feed()).unread_count == 1


async def test_a_batch_may_be_repeated(publisher: ApiClient) -> None:
    items = [publisher.new(app_notification_id=f"order-{number}") for number in range(10)]
    first, again = await publisher.send_all(*items), await publisher.send_all(*items)
    assert [item.result.id for item in first] == [item.result.id for item in again]
    assert all(item.result.deduplicated for item in again)
    assert (await publisher.feed()).last_revision == 10


async def test_all_items_may_be_bad(publisher: ApiClient) -> None:
    results = await publisher.send_all(*[publisher.new("")] * 3)
    assert errors(results) == ["bad"] * 3
    assert (await publisher.feed()).last_revision == 0


def batch() -> Method:
    return next(method for method in methods() if method.name == "BatchSendNotifications")


async def test_a_device_sends_no_batch(serving: Running, user_id: str) -> None:
    device = ApiClient(serving.user(user_id), endpoint_id="phone")
    with raises_status("PERMISSION_DENIED", "ROLE_NOT_ALLOWED") as failure:
        await device.send_all(device.new())
    assert failure.metadata == {"allowed": "publisher"}


async def test_an_item_that_is_no_message_harms_no_other(publisher: ApiClient, serving: Running) -> None:
    good = batch().body(requests=[publisher.new()])
    body = good + b"\x0a\x02\x0a\x05" + good
    answer = await batch().call(serving.channel, body, bearer(tokens.publisher()))
    results = BatchSendNotificationsResponse.FromString(answer).results
    assert errors(list(results)) == ["good", "bad", "good"]
    assert_item(results[1], "REQUEST_MALFORMED")
    assert (await publisher.feed()).last_revision == 2


async def test_an_item_may_be_no_larger_than_one_send(publisher: ApiClient, serving: Running) -> None:
    """256 KiB; it is refused before it is decoded, which this could not be."""
    good = batch().body(requests=[publisher.new()])
    large = b"\x0a" + b"\x81\x80\x10" + b"\x07" * (256 * 1024 + 1)
    answer = await batch().call(serving.channel, good + large, bearer(tokens.publisher()))
    results = BatchSendNotificationsResponse.FromString(answer).results
    assert errors(list(results)) == ["good", "bad"]
    assert_item(results[1], "REQUEST_TOO_LARGE", size="262145", limit="262144")


def assert_item(result: BatchSendResult, reason: str, **metadata: str) -> None:
    """An item was refused for this reason."""
    info = error_details_pb2.ErrorInfo()
    assert result.error.details[0].Unpack(info)
    assert (info.reason, dict(info.metadata)) == (reason, metadata)


async def test_a_batch_that_does_not_fit_into_the_queue_is_refused_as_a_whole(tmp_path: Path) -> None:
    async with running(Setup(path=tmp_path / "unisono.db", commit_queue=2)) as node:
        publisher = ApiClient(node.publisher, user_id="ada")
        with raises_status("UNAVAILABLE", "OVERLOADED") as failure:
            await publisher.send_all(*[publisher.new()] * 3)
        assert failure.explanation.retry_delay == 1
        assert errors(await publisher.send_all(*[publisher.new()] * 2)) == ["good", "good"]


@pytest.mark.parametrize(
    "bad", [{"title": ""}, {"title": "Other"}], ids=["a bad field", "a key that is taken"]
)
async def test_what_is_wrong_with_items_leaves_nothing_to_collect(
    publisher: ApiClient, bad: dict[str, Any]
) -> None:
    """An error that is kept beside others keeps, by its traceback, the list that it is in: a circle with the
    whole batch, which only the garbage collector would open.
    """
    await publisher.send(app_notification_id=KEY)
    items = [publisher.new(**{"app_notification_id": KEY, **bad}) for _ in range(500)]
    gc.collect()
    gc.disable()
    try:
        results = await publisher.send_all(*items)
        assert set(errors(results)) == {"bad"}
        del results

        assert gc.collect() < len(items)
    finally:
        gc.enable()
