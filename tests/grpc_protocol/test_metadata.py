"""Metadata comes as grpcio gives it, and leaves as the specification asks."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.server.api.rpc import metadata


def received(name: bytes, value: bytes) -> list[tuple[str, str | bytes]]:
    return list(metadata.received(name, value))


def test_text() -> None:
    assert received(b"authorization", b"Bearer a,b") == [("authorization", "Bearer a,b")]


def test_text_that_is_not_ascii_is_taken_as_utf_8_or_as_latin_1() -> None:
    assert received(b"name", "Jürgen".encode()) == [("name", "Jürgen")]
    assert received(b"name", "Jürgen".encode("latin-1")) == [("name", "Jürgen")]


@pytest.mark.parametrize("value", [b"AAE", b"AAE=", b" AAE"])
def test_binary_with_and_without_padding(value: bytes) -> None:
    assert received(b"trace-bin", value) == [("trace-bin", b"\x00\x01")]


def test_joined_values_are_split() -> None:
    expected = [("trace-bin", b"\x00"), ("trace-bin", b"\x01"), ("trace-bin", b"")]
    assert received(b"trace-bin", b"AA==,AQ, ") == expected


@pytest.mark.parametrize("value", [b"A", b"A?==", b"AA=A", b"\xff\xff", b"AAE A"])
def test_what_is_not_base64_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="base64"):
        received(b"trace-bin", value)


def test_sent_without_padding() -> None:
    assert metadata.sent((("x-request-id", "abc"), ("details-bin", b"\x00"))) == (
        (b"x-request-id", b"abc"),
        (b"details-bin", b"AA"),
    )


@given(st.binary(), st.booleans())
def test_binary_comes_back_as_it_was(value: bytes, padded: bool) -> None:
    ((name, sent),) = metadata.sent((("details-bin", value),))
    assert sent == base64.b64encode(value).rstrip(b"=")
    assert received(name, base64.b64encode(value) if padded else sent) == [("details-bin", value)]
