"""Messages come whole and in order, however they are split; none takes more room than its limit."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.server.api.rpc.envelopes import MalformedMessage, MessageReader, framed
from unisono.server.errors import RequestTooLarge

LIMIT = 1000
#: Without a time, so that it is the same each time.
ABC = gzip.compress(b"abc", mtime=0)


def compressed(message: bytes) -> bytes:
    data = gzip.compress(message)
    return b"\x01" + len(data).to_bytes(4, "big") + data


def messages(reader: MessageReader, limit: int = LIMIT) -> list[bytes]:
    found = []
    while (message := reader.next(limit)) is not None:
        found.append(message)
    return found


@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans())), st.data())
def test_however_they_are_split(sent: list[tuple[bytes, bool]], data: st.DataObject) -> None:
    # Given messages, some of them compressed, and a body that is split anywhere.
    body = b"".join(compressed(message) if zipped else framed(message) for message, zipped in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=20)))
    # When its parts come.
    reader = MessageReader(gzip=True)
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        reader.feed(body[start:end])
        found += messages(reader)
    # Then all messages are there, and nothing else.
    assert found == [message for message, _ in sent]
    assert reader.is_empty


def test_a_part_of_a_message_is_not_nothing() -> None:
    reader = MessageReader(gzip=False)
    reader.feed(framed(b"abc")[:4])
    assert reader.next(LIMIT) is None
    assert not reader.is_empty


def test_as_large_as_the_limit() -> None:
    reader = MessageReader(gzip=True)
    reader.feed(framed(bytes(LIMIT)) + compressed(bytes(LIMIT)))
    assert messages(reader) == [bytes(LIMIT)] * 2


def test_too_large_is_known_before_it_came() -> None:
    reader = MessageReader(gzip=False)
    reader.feed(framed(bytes(LIMIT + 1))[:5])
    with pytest.raises(RequestTooLarge) as refused:
        reader.next(LIMIT)
    assert refused.value.metadata == {"size": str(LIMIT + 1), "limit": str(LIMIT)}


def test_a_bomb_takes_no_more_than_the_limit() -> None:
    # Given a hundred mebibytes in a hundred kibibytes.
    squeeze = zlib.compressobj(9, wbits=31)
    data = b"".join(squeeze.compress(bytes(1024 * 1024)) for _ in range(100)) + squeeze.flush()
    limit = 2 * len(data)
    reader = MessageReader(gzip=True)
    reader.feed(b"\x01" + len(data).to_bytes(4, "big") + data)
    # When it is read.
    tracemalloc.start()
    try:
        with pytest.raises(RequestTooLarge) as refused:
            reader.next(limit)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Then not even a few times the limit was ever there.
    assert refused.value.metadata == {"size": str(limit + 1), "limit": str(limit)}
    assert peak < 10 * limit


def test_compressed_where_the_call_does_not_say_so() -> None:
    reader = MessageReader(gzip=False)
    reader.feed(compressed(b"abc"))
    with pytest.raises(MalformedMessage, match="compressed"):
        reader.next(LIMIT)


def test_a_flag_that_nobody_knows() -> None:
    reader = MessageReader(gzip=True)
    reader.feed(b"\x02\0\0\0\0")
    with pytest.raises(MalformedMessage, match="flag"):
        reader.next(LIMIT)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"abc",
        ABC[:-1],
        ABC + b"x",
        ABC * 2,
        zlib.compress(b"abc"),
        ABC[:-8] + bytes(8),
    ],
)
def test_not_one_whole_piece_of_gzip(data: bytes) -> None:
    reader = MessageReader(gzip=True)
    reader.feed(b"\x01" + len(data).to_bytes(4, "big") + data)
    with pytest.raises(MalformedMessage, match="gzip"):
        reader.next(LIMIT)
