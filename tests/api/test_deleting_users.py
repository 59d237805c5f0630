"""DeleteFeed on the wire: its scope, its limits, and what it says the second time."""

import pytest
from google.protobuf.duration_pb2 import Duration

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client, Running
from tests.support.rpc_errors import invalid, raises_status
from unisono.v1.feed_service_pb2 import DeleteFeedRequest, DeleteFeedResponse

DAY = 24 * 3600


@pytest.fixture
def eraser(serving: Running) -> Client:
    return serving.client(tokens.publisher(scope=tokens.ERASER_SCOPES))


async def delete(client: Client, user_id: str, bar: Duration | None = None) -> DeleteFeedResponse:
    request = DeleteFeedRequest(user_id=user_id, bar_for=bar)
    return await client.feeds.DeleteFeed(request, metadata=client.metadata)


async def test_it_is_done_once(publisher: ApiClient, eraser: Client, user_id: str) -> None:
    await publisher.send()
    first, second = [await delete(eraser, user_id) for _ in range(2)]
    assert (first.already_removed, second.already_removed) == (False, True)
    assert (await publisher.feed()).last_revision == 0


async def test_it_needs_its_own_scope(serving: Running, publisher: ApiClient, user_id: str) -> None:
    await publisher.send()
    with raises_status("PERMISSION_DENIED", "SCOPE_MISSING") as failure:
        await delete(serving.publisher, user_id)
    assert failure.metadata == {"scope": "feeds.delete"}
    assert (await publisher.feed()).last_revision == 1


async def test_who_is_barred_is_told_until_when_and_nothing_else(
    publisher: ApiClient, eraser: Client, user_id: str
) -> None:
    await delete(eraser, user_id, Duration(seconds=30 * DAY))
    with raises_status("FAILED_PRECONDITION", "FEED_BARRED") as failure:
        await publisher.send()
    assert set(failure.metadata) == {"barred_until"}
    assert user_id not in failure.explanation.message


@pytest.mark.parametrize(
    "bar", [Duration(seconds=30 * DAY, nanos=1_000_000), Duration(seconds=-1), Duration(nanos=-1)]
)
async def test_a_bar_is_positive_and_ends_within_thirty_days(
    eraser: Client, user_id: str, bar: Duration
) -> None:
    with invalid("bar_for"):
        await delete(eraser, user_id, bar)
