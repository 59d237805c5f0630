"""The metrics tell of the streams of devices: how they begin and end, and how soon they get something."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest_asyncio

from tests.support import tokens, transports
from tests.support.api_client import ApiClient
from tests.support.nodes import Setup
from tests.support.scraping import Scraped, scraped
from unisono.server.model import Limits
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

Stream = grpc.aio.UnaryStreamCall[pb.SubscribeRequest, pb.SubscribeResponse]


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Scraped]:
    async with scraped(Setup(path=tmp_path / "unisono.db", limits=Limits(streams_per_user=1))) as served:
        yield served


def follow(served: Scraped, token: bytes = b"", endpoint: str = "phone") -> Stream:
    """Open a stream of an Android phone."""
    user = served.node.user()
    request = pb.SubscribeRequest(endpoint_id=endpoint, platform=notification_pb2.DEVICE_PLATFORM_ANDROID)
    if token:
        request.resume_token = token
    return user.feeds.Subscribe(request, metadata=user.metadata)


async def until(stream: Stream, kind: str) -> pb.SubscribeResponse:
    """Read a stream up to a message of this kind."""
    while True:
        message = await stream.read()
        assert isinstance(message, pb.SubscribeResponse)
        if message.WhichOneof("message") == kind:
            return message


async def test_open_streams_have_a_platform_and_a_transport(served: Scraped) -> None:
    stream = follow(served)
    await until(stream, "synced")

    told = await served.scrape()

    def opened(platform: str) -> float:
        return told.value("unisono_open_streams", platform=platform, transport=transports.NAME)

    assert [opened(name) for name in ("android", "linux", "web")] == [1, 0, 0]
    assert told.value("unisono_streams_opened_total", start="new") == 1
    stream.cancel()
    await served.until(lambda told: told.value("unisono_streams_ended_total", reason="CLIENT_GONE") == 1)


async def test_what_is_sent_reaches_a_stream_from_the_tail(served: Scraped) -> None:
    stream, publisher = follow(served), ApiClient(served.node.publisher, user_id="ada")
    await until(stream, "synced")
    before = await served.scrape()

    for _ in range(3):
        await publisher.send()
        await until(stream, "event_batch")

    changed = (await served.scrape()).changed(before)
    assert changed["unisono_delivery_seconds_count"] == 3
    assert changed['unisono_stream_reads_total{source="tail"}'] == 3
    assert changed["unisono_hints_total"] == 3
    assert 'unisono_stream_reads_total{source="store"}' not in changed


async def test_who_catches_up_reads_rows(served: Scraped) -> None:
    publisher = ApiClient(served.node.publisher, user_id="ada")
    for _ in range(3):
        await publisher.send()

    await until(follow(served), "synced")

    told = await served.scrape()
    assert told.value("unisono_catch_up_rows_total") == 3
    assert told.value("unisono_stream_reads_total", source="store") == 1
    assert told.value("unisono_delivery_seconds_count") == 0


async def test_who_comes_back_resumes_or_starts_anew(served: Scraped) -> None:
    token = (await until(follow(served), "synced")).resume_token
    await until(follow(served, token), "synced")
    # Given a position in a feed that was deleted
    eraser = served.node.client(tokens.publisher(scope=tokens.ERASER_SCOPES))
    await eraser.feeds.DeleteFeed(pb.DeleteFeedRequest(user_id="ada"), metadata=eraser.metadata)

    await until(follow(served, token), "synced")

    told = await served.scrape()
    starts = ("new", "resumed", "restarted")
    assert [told.value("unisono_streams_opened_total", start=start) for start in starts] == [1, 1, 1]


async def test_streams_end_for_a_reason(served: Scraped) -> None:
    first = follow(served)
    await until(first, "synced")
    second = follow(served)
    await until(second, "synced")
    await until(first, "goodbye")
    await ApiClient(served.node.user(), endpoint_id="phone").remove()
    await until(second, "goodbye")

    told = await served.until(
        lambda told: told.value("unisono_streams_ended_total", reason="ENDPOINT_DELETED") == 1
    )

    assert told.value("unisono_streams_ended_total", reason="SUPERSEDED") == 1
    assert told.value("unisono_streams_ended_total", reason="CLIENT_GONE") == 0
    assert told.value("unisono_open_streams", platform="android", transport=transports.NAME) == 0
