"""A batch is taken apart as protobuf's own parser would, and no further than its limit."""

from collections.abc import Iterator

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from unisono.server.api.convert.split import Malformed, TooMany, split
from unisono.v1 import notification_service_pb2 as pb

ITEM = pb.SendNotificationRequest(user_id="ada")


def parser(body: bytes) -> list[bytes] | None:
    """The items as protobuf's own parser finds them; None for what is no message."""
    try:
        return [known(item) for item in pb.BatchSendNotificationsRequest.FromString(body).requests]
    except DecodeError:
        return None


def known(item: pb.SendNotificationRequest) -> bytes:
    return item.SerializeToString(deterministic=True)


def ours(body: bytes) -> list[bytes] | None:
    try:
        return [known(pb.SendNotificationRequest.FromString(item)) for item in split(body, 1_000_000)]
    except (Malformed, DecodeError):
        return None


def varint(value: int, padding: int = 0) -> bytes:
    """A number, with so many bytes more than it needs."""
    out = bytearray()
    while value > 0x7F or padding:
        padding -= value <= 0x7F
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


tags = st.builds(
    lambda number, kind: number << 3 | kind,
    st.sampled_from((0, 1, 1, 1, 2, 15, 16, 2**29 - 1, 2**29)),
    st.integers(0, 7),
)
values = st.one_of(st.integers(0, 300), st.integers(0, 2**64 - 1), tags)
numbers = st.builds(varint, values, st.sampled_from((0, 0, 0, 1, 4, 9)))
items = st.builds(
    lambda user, length: pb.SendNotificationRequest(user_id=user).SerializeToString()[:length],
    st.text(max_size=5),
    st.integers(0, 30),
)
members = st.builds(
    lambda item, padding: b"\x0a" + varint(len(item), padding) + item, items, st.integers(0, 5)
)
pieces = st.one_of(
    members,
    numbers,
    st.binary(max_size=9),
    st.builds(varint, tags, st.integers(0, 5)),
    st.sampled_from((b"\x13", b"\x14", b"\x0b", b"\x0c", b"\x8a\x00\x00", b"\x10" + b"\x80" * 9 + b"\x7f")),
)
bodies = st.lists(pieces, max_size=8).map(b"".join)


@given(bodies)
@example(b"\x13" * 100 + b"\x14" * 100)
@example(b"\x13" * 101 + b"\x14" * 101)
@example(b"\x13\x0a\x00\x00\x00\x14")
def test_it_finds_what_protobuf_finds(body: bytes) -> None:
    assert ours(body) == parser(body)


@given(st.binary(max_size=40))
def test_of_any_bytes(body: bytes) -> None:
    assert ours(body) == parser(body)


@pytest.mark.parametrize("kind", range(8))
@pytest.mark.parametrize("number", [0, 1, 2, 15, 16, 2**29 - 1, 2**29])
def test_of_every_kind_of_field(kind: int, number: int) -> None:
    for rest in contents():
        body = ITEM.SerializeToString()
        whole = b"\x0a" + varint(len(body)) + body
        field = varint(number << 3 | kind) + rest
        assert ours(field) == parser(field)
        assert ours(whole + field + whole) == parser(whole + field + whole)


def contents() -> Iterator[bytes]:
    yield from (b"", b"\x00", b"\x01\x00", b"\x04abcd", b"\x00" * 8, b"\x00" * 4)
    yield from (b"\xff" * length for length in (4, 5, 9, 10, 11))
    yield from (varint(length, padding) + b"x" for length in (0, 1) for padding in (3, 4, 5, 8, 9))


def test_it_walks_no_further_than_its_limit() -> None:
    """What follows is not looked at, whatever it is."""
    assert split(b"\x0a\x00" * 5, 5) == [b""] * 5
    with pytest.raises(TooMany):
        split(b"\x0a\x00" * 6 + b"\x07", 5)


def test_fields_that_it_does_not_know_are_passed_over_up_to_a_thousand() -> None:
    """protobuf takes them all, and walks them for a tenth of a second."""
    assert split(b"\x10\x01" * 1000 + b"\x0a\x00", 5) == [b""]
    for unknown in (b"\x10\x01", b"\x13\x14", b"\x12\x00"):
        with pytest.raises(Malformed, match="more than 1000"):
            split(unknown * 2_000_000 + b"\x07", 5)
