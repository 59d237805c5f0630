"""The channel on which the API is tried over the web believes nothing that its protocol forbids."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from tests.support.accepting import HOST, accepting
from tests.support.rpc_errors import details
from tests.support.web.calls import UnaryCall
from tests.support.web.channel import DOORS, WebChannel
from tests.support.web.status import Misspoken
from unisono.v1 import feed_service_pb2 as pb

UNARY = "/unisono.v1.FeedService/GetFeed"
STREAM = "/unisono.v1.FeedService/Subscribe"

FEED = pb.GetFeedResponse(last_revision=7)
SYNCED = pb.SubscribeResponse(synced=pb.Synced(), revision=3)
FEED_JSON = b'{"lastRevision":"7"}'
SYNCED_JSON = b'{"synced":{},"revision":"3"}'

INFO = error_details_pb2.ErrorInfo(reason="WHY", domain="unisono")
DETAIL = {"type": "google.rpc.ErrorInfo", "value": b64encode(INFO.SerializeToString()).decode().rstrip("=")}
OTHER = {**DETAIL, "debug": {"reason": "ANOTHER", "domain": "unisono"}}
ERROR = {"code": "aborted", "message": "no", "details": [DETAIL]}


def body(*parts: tuple[int, bytes]) -> bytes:
    return b"".join(bytes((flags,)) + len(part).to_bytes(4, "big") + part for flags, part in parts)


def http(content_type: str, content: bytes, status: int = 200, *more: str) -> bytes:
    head = [f"HTTP/1.1 {status} Whatever", f"content-type: {content_type}", f"content-length: {len(content)}"]
    return "\r\n".join((*head, *more, "", "")).encode() + content


@asynccontextmanager
async def answering(door: str, answer: bytes) -> AsyncIterator[WebChannel]:
    """A channel to something that answers so whatever is asked, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with accepting(serve) as port, WebChannel(f"{HOST}:{port}", DOORS[door]) as channel:
        yield channel


async def ask(channel: WebChannel) -> pb.GetFeedResponse:
    method = channel.unary_unary(UNARY, pb.GetFeedRequest.SerializeToString, pb.GetFeedResponse.FromString)
    return await method(pb.GetFeedRequest())


async def listen(channel: WebChannel) -> list[pb.SubscribeResponse]:
    method = channel.unary_stream(
        STREAM, pb.SubscribeRequest.SerializeToString, pb.SubscribeResponse.FromString
    )
    return [message async for message in method(pb.SubscribeRequest())]


def ending(**said: Any) -> bytes:
    return json.dumps(said).encode()


JSON_STREAM = "application/connect+json"
WEB = "application/grpc-web+proto"
GOOD_TRAILERS = b"grpc-status: 0\r\n"
BAD_TRAILERS = b"grpc-status:10\r\ngrpc-message:n%6F\r\nx-request-id: 1\r\n"


async def test_one_response() -> None:
    async with answering("json", http("application/json", FEED_JSON)) as channel:
        assert await ask(channel) == FEED
    answer = http(WEB, body((0, FEED.SerializeToString()), (0x80, GOOD_TRAILERS)))
    async with answering("grpc-web", answer) as channel:
        assert await ask(channel) == FEED


async def test_many_responses() -> None:
    answer = http(JSON_STREAM, body((0, SYNCED_JSON), (0, SYNCED_JSON), (2, b"{}")))
    async with answering("json", answer) as channel:
        assert await listen(channel) == [SYNCED, SYNCED]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (ask, http("application/json", json.dumps(ERROR).encode(), 409, "x-request-id: 1")),
        (listen, http(JSON_STREAM, body((2, ending(error=ERROR, metadata={"X-Request-Id": ["1"]}))))),
    ],
    ids=["one response", "many responses"],
)
async def test_an_error_of_connect_is_one_of_grpc(call: Any, answer: bytes) -> None:
    async with answering("json", answer) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(channel)

    error = raised.value
    status = status_pb2.Status.FromString(details(error))
    assert (error.code(), error.details()) == (grpc.StatusCode.ABORTED, "no")
    assert dict(error.trailing_metadata() or ())["x-request-id"] == "1"
    assert (status.code, status.message) == (10, "no")
    (detail,) = status.details
    unpacked = error_details_pb2.ErrorInfo()
    assert detail.Unpack(unpacked)
    assert unpacked == INFO


@pytest.mark.parametrize(
    "answer",
    [
        http(WEB, body((0x80, BAD_TRAILERS))),
        http(WEB, b"", 200, "grpc-status: 10", "grpc-message: n%6F", "x-request-id: 1"),
    ],
    ids=["after the body", "among the headers"],
)
async def test_an_error_of_grpc_web(answer: bytes) -> None:
    async with answering("grpc-web", answer) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await ask(channel)
    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.ABORTED, "no")
    assert dict(raised.value.trailing_metadata() or ()) == {"x-request-id": "1"}


@pytest.mark.parametrize("door", ["json", "grpc-web"])
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http("text/plain", b"no", 404), grpc.StatusCode.UNIMPLEMENTED),
        (http("text/html", b"<html>", 502), grpc.StatusCode.UNAVAILABLE),
        (b"", grpc.StatusCode.UNAVAILABLE),
        (http("application/json", FEED_JSON)[:-1], grpc.StatusCode.UNAVAILABLE),
    ],
    ids=["a page", "a proxy", "nothing", "a part"],
)
async def test_what_is_no_answer(door: str, answer: bytes, code: grpc.StatusCode) -> None:
    if answer.endswith(FEED_JSON[:-1]) and door == "grpc-web":
        answer = http(WEB, body((0x80, GOOD_TRAILERS)))[:-1]
    async with answering(door, answer) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await ask(channel)
    assert raised.value.code() is code


@pytest.mark.parametrize(
    ("door", "call", "answer"),
    [
        ("json", ask, http("application/proto", FEED.SerializeToString())),
        ("json", ask, http("application/json", b'{"unknown":1}')),
        ("json", ask, http("application/json", json.dumps(ERROR).encode(), 500)),
        ("json", ask, http("application/json", b"[]", 409)),
        ("json", ask, http("application/json", json.dumps({**ERROR, "details": [OTHER]}).encode(), 409)),
        ("json", listen, http(JSON_STREAM, body((0, SYNCED_JSON)))),
        ("json", listen, http(JSON_STREAM, body((2, b"{}"), (0, SYNCED_JSON)))),
        ("json", listen, http(JSON_STREAM, body((2, b"{}"))[:-1])),
        ("json", listen, http(JSON_STREAM, body((4, SYNCED_JSON), (2, b"{}")))),
        ("grpc-web", ask, http(WEB, body((0, FEED.SerializeToString())))),
        ("grpc-web", ask, http("application/grpc-web+json", body((0x80, GOOD_TRAILERS)))),
    ],
)
async def test_what_the_protocol_forbids(door: str, call: Any, answer: bytes) -> None:
    async with answering(door, answer) as channel:
        with pytest.raises(Misspoken):
            await call(channel)


async def test_a_call_is_cancelled_and_runs_out_of_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with accepting(silent) as port, WebChannel(f"{HOST}:{port}", DOORS["json"]) as channel:
        call: UnaryCall[bytes] = channel.unary_unary(UNARY)(b"")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await call.code() is grpc.StatusCode.CANCELLED
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await cast("UnaryCall[bytes]", channel.unary_unary(UNARY)(b"", timeout=0.05))
        assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
