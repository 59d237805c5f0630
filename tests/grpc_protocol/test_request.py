"""The headers of a call are read in one pass; what breaks the protocol is refused."""

import pytest

from tests.grpc_protocol.exchanges import CALL
from unisono.server.api.grpc.request import CallHead, MalformedCall, call_head, content_type
from unisono.server.api.rpc.envelopes import IDENTITY


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"application/grpc", b"application/grpc"),
        (b"Application/gRPC", b"application/grpc"),
        (b"application/grpc;charset=utf-8", b"application/grpc"),
        (b"application/grpc+proto ; a=b", b"application/grpc+proto"),
        (b"", b""),
    ],
)
def test_content_types(value: bytes, kind: bytes) -> None:
    assert content_type(((b"te", b"trailers"), (b"content-type", value))) == kind


def test_no_content_type() -> None:
    assert content_type(()) == b""


def test_nothing_but_what_there_must_be() -> None:
    assert call_head(CALL) == CallHead(None, IDENTITY, ())


def test_all_of_it() -> None:
    headers = (
        *CALL,
        (b"grpc-timeout", b"5S"),
        (b"grpc-encoding", b"gzip"),
        (b"grpc-accept-encoding", b"identity, gzip"),
        (b"grpc-trace-bin", b"AA"),
        (b"user-agent", b"grpc-go/1.0"),
        (b"authorization", b"Bearer one"),
        (b"authorization", b"Bearer two"),
        (b"own-bin", b"AA,AQ"),
    )
    assert call_head(headers) == CallHead(
        5.0,
        b"gzip",
        (
            ("user-agent", "grpc-go/1.0"),
            ("authorization", "Bearer one"),
            ("authorization", "Bearer two"),
            ("own-bin", b"\x00"),
            ("own-bin", b"\x01"),
        ),
    )


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (CALL[:1], "te: trailers"),
        ((CALL[0], (b"te", b"gzip")), "te: trailers"),
        ((*CALL, (b"grpc-timeout", b"soon")), "grpc-timeout"),
        ((*CALL, (b"own-bin", b"?")), "base64"),
    ],
)
def test_what_breaks_the_protocol(headers: tuple[tuple[bytes, bytes], ...], why: str) -> None:
    with pytest.raises(MalformedCall, match=why):
        call_head(headers)
