"""Whatever comes is answered: once, by a status of HTTP, and with what its protocol ends by."""

import asyncio
import json

import grpc
import structlog
from grpc_health.v1 import health_pb2
from hypothesis import given
from hypothesis import strategies as st

from tests.grpc_protocol.exchanges import HeldExchange
from unisono.server.api.call import Call, Rpc
from unisono.server.api.http.exchange import Header
from unisono.server.api.router import Router
from unisono.server.api.rpc.envelopes import framed
from unisono.server.api.web.calls import KINDS
from unisono.server.errors import UnisonoError

LIMIT = 1000
MESSAGES = [health_pb2.HealthCheckRequest(service=name).SerializeToString() for name in ("", "a", "b" * 2000)]
JSON = [b"{}", b'{"service":"a"}', b'{"service":1}', b'{"x":1}', b"[", b"\xff", b"null"]
BODIES = [
    *MESSAGES,
    *JSON,
    *(framed(one) for one in (*MESSAGES, *JSON)),
    framed(b"", 1),
    b"AAAAAAA=",
    b"\0\0\0",
]
QUERIES = [b"", b"?message=%7B%7D", b"?encoding=proto&base64=1&message=CgFh", b"?encoding=x", b"?message=%7B"]

methods = st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"])
paths = st.one_of(
    st.sampled_from(
        [b"/grpc.health.v1.Health/Check", b"/grpc.health.v1.Health/Watch", b"/a.b/C", b"/", b"*"]
    ),
    st.binary(max_size=20).map(lambda rest: b"/" + rest),
)
headers = st.lists(
    st.tuples(
        st.sampled_from(
            [
                b"accept",
                b"accept-encoding",
                b"connect-timeout-ms",
                b"connect-protocol-version",
                b"connect-content-encoding",
                b"content-encoding",
                b"content-length",
                b"grpc-encoding",
                b"grpc-timeout",
                b"last-event-id",
                b"origin",
                b"own-bin",
                b"te",
            ]
        ),
        st.one_of(
            st.sampled_from([b"gzip", b"identity", b"br", b"1", b"10S", b"text/event-stream", b"trailers"]),
            st.binary(max_size=10),
        ),
    ),
    max_size=4,
)
kinds = st.one_of(
    st.sampled_from([*KINDS, b"application/grpc", b"text/plain"]), st.binary(max_size=10), st.none()
)


async def echo(call: Call) -> bytes | None:
    """Answer with what was asked, as something that both are."""
    try:
        return b"" if await call.read(LIMIT) is None else health_pb2.HealthCheckResponse().SerializeToString()
    except UnisonoError as error:
        await call.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)


async def echo_all(call: Call) -> None:
    while (answer := await echo(call)) is not None and answer != b"":
        await call.write(answer)


async def refuse(call: Call) -> None:
    await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")


ROUTER = Router(
    {"grpc.health.v1.Health": {"Check": Rpc(echo), "Watch": Rpc(echo_all, streaming=True)}},
    Rpc(refuse, streaming=True),
    origins=("https://mail.test",),
)


@given(
    method=methods,
    path=paths,
    query=st.sampled_from(QUERIES),
    kind=kinds,
    others=headers,
    body=st.one_of(st.sampled_from(BODIES), st.binary(max_size=50)),
    version=st.sampled_from(["2", "1.1"]),
)
def test_whatever_comes_is_answered_once(
    method: bytes,
    path: bytes,
    query: bytes,
    kind: bytes | None,
    others: list[Header],
    body: bytes,
    version: str,
) -> None:
    given_headers = [*others, *([] if kind is None else [(b"content-type", kind)])]
    exchange = HeldExchange(path + query, tuple(given_headers), parts=[body, b""] if body else [b""])
    exchange.method, exchange.version = method, version

    with structlog.testing.capture_logs() as logs:
        asyncio.run(asyncio.wait_for(ROUTER.handle(exchange), 10))

    assert exchange.ended
    assert exchange.status is not None
    assert not [entry for entry in logs if entry["log_level"] == "error"]
    answered = dict(exchange.response_headers)
    if answered.get(b"content-type") == b"application/json":
        assert isinstance(json.loads(exchange.body), dict)
    if b"content-length" in answered and method != b"HEAD":
        assert int(answered[b"content-length"]) == len(exchange.body)
