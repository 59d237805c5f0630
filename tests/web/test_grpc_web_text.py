"""gRPC-Web in base64, by which grpc-web's own client has streams: calls as of any other door."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator

import pytest

from tests.web.conftest import Web
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

TEXT = "application/grpc-web-text"


def enveloped(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def envelopes(body: bytes) -> list[tuple[int, bytes]]:
    """Return the whole envelopes of a response, each of which is a piece of base64 with its own end."""
    data = b"".join(b64decode(body[at : at + 4]) for at in range(0, len(body) - 3, 4))
    found = []
    while len(data) >= (end := 5 + int.from_bytes(data[1:5], "big")):
        found.append((data[0], data[5:end]))
        data = data[end:]
    return found


async def in_pieces(text: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(text), size):
        yield text[at : at + size]


@pytest.mark.parametrize("size", [1, 3, 5, 1000])
async def test_a_body_may_come_in_any_pieces(web: Web, size: int) -> None:
    await web.send()
    text = b64encode(enveloped(pb.GetFeedRequest(user_id=web.user_id).SerializeToString()))

    answer = await web.client.post(
        web.path("FeedService/GetFeed"),
        content=in_pieces(text, size),
        headers=web.headers(content_type=TEXT),
    )

    assert answer.headers["content-type"] == TEXT
    (_, message), (flag, trailers) = envelopes(answer.content)
    assert pb.GetFeedResponse.FromString(message).last_revision > 0
    assert (flag, trailers.splitlines()[0]) == (0x80, b"grpc-status: 0")


async def test_a_stream_is_text_as_it_comes(web: Web) -> None:
    request = pb.SubscribeRequest(endpoint_id="laptop", platform=notification_pb2.DEVICE_PLATFORM_LINUX)
    async with web.client.stream(
        "POST",
        web.path("FeedService/Subscribe"),
        content=b64encode(enveloped(request.SerializeToString())),
        headers=web.headers(web.device, content_type=TEXT),
    ) as answer:
        body = b""
        async for part in answer.aiter_raw():
            body += part
            if len(envelopes(body)) >= 2:
                break

    welcome, synced = (pb.SubscribeResponse.FromString(message) for _, message in envelopes(body)[:2])
    assert (welcome.HasField("welcome"), synced.HasField("synced")) == (True, True)


@pytest.mark.parametrize("text", [b"AAAA AAA", b"AAAAA"], ids=["no base64", "half a group"])
async def test_what_is_no_base64_is_refused(web: Web, text: bytes) -> None:
    answer = await web.client.post(
        web.path("FeedService/GetFeed"), content=text, headers=web.headers(content_type=TEXT)
    )

    [(flag, trailers)] = envelopes(answer.content)
    assert (flag, trailers.splitlines()[0]) == (0x80, b"grpc-status: 13")
