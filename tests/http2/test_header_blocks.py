"""Header blocks are decoded within limits, remembered where that is safe, and encoded without a state."""

import random

import pytest
from hpack import Decoder, Encoder, NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from tests.http2.peer import (
    COMPRESSION_ERROR,
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    REQUEST,
    RESPONSE,
    Peer,
    frame,
)
from unisono.server.api.http.h2.errors import ConnectionFailed
from unisono.server.api.http.h2.events import RequestReceived
from unisono.server.api.http.h2.header_blocks import REMEMBERED, HeaderDecoder, encode

names = st.binary(max_size=200)
fields = st.lists(st.tuples(names, st.binary(max_size=20_000)), max_size=5)


@given(fields)
def test_what_is_encoded_is_what_others_decode(headers: list[tuple[bytes, bytes]]) -> None:
    decoder = Decoder(max_header_list_size=2**20)

    found = [(bytes(name), bytes(value)) for name, value in decoder.decode(encode(headers), raw=True)]

    assert found == headers
    assert not decoder.header_table.dynamic_entries


@pytest.mark.parametrize("size", [0, 126, 127, 128, 254, 255, 256, 16_510, 16_511, 2**21])
def test_strings_of_any_size(size: int) -> None:
    decoder = Decoder(max_header_list_size=2**23)

    ((_, value),) = decoder.decode(encode([(b"name", b"x" * size)]), raw=True)

    assert len(value) == size


def test_the_first_block_says_that_there_is_no_table() -> None:
    peer = Peer()
    for stream_id in (1, 3):
        peer.request(stream_id, end=True)
        peer.connection.send_headers(stream_id, RESPONSE)

    first, second = peer.sent()

    assert first.payload == b"\x20" + second.payload
    assert peer.fields(first) == peer.fields(second) == list(RESPONSE)


def tables(seed: int, blocks: int) -> None:
    """Compare with a decoder that remembers nothing: blocks come again, and tables change between."""
    chosen = random.Random(seed)  # noqa: S311
    encoder, plain, decoder = Encoder(), Decoder(), HeaderDecoder(32 * 1024)
    said: list[bytes] = []
    for _ in range(blocks):
        turn = chosen.random()
        if turn < 0.05:
            encoder.header_table_size = chosen.choice((0, 100, 4096))
        if turn < 0.5 and said:
            block = chosen.choice(said)
        else:
            header = (chosen.choice((b"a", b"b", b"c")), chosen.choice((b"1", b"2", b"3" * 40)))
            never = NeverIndexedHeaderTuple(*header)
            block = bytes(encoder.encode([never if chosen.random() < 0.5 else header], huffman=turn < 0.8))
            said.append(block)
        try:
            expected = tuple(plain.decode(block, raw=True))
        except Exception:
            with pytest.raises(ConnectionFailed):
                decoder.decode(block)
            return
        found = decoder.decode(block)
        assert found is not None
        assert found.headers == expected


@pytest.mark.parametrize("seed", range(50))
def test_remembering_changes_nothing(seed: int) -> None:
    tables(seed, 300)


def test_only_a_few_blocks_are_remembered() -> None:
    decoder = HeaderDecoder(1000)
    blocks = [encode([(b"name", b"%d" % number)]) for number in range(2 * REMEMBERED)]
    for block in (*blocks, *blocks):
        decoder.decode(block)

    # A block that is remembered gives the same object again.
    again = [decoder.decode(block) is decoder.decode(block) for block in blocks[-REMEMBERED:]]
    assert all(again)
    assert len(decoder._remembered) == REMEMBERED  # noqa: SLF001


def test_a_request_that_comes_again_is_not_checked_again() -> None:
    peer = Peer()
    block = encode(REQUEST)

    events = peer.send(*(frame(HEADERS, END_HEADERS, stream_id, block) for stream_id in (1, 3, 5)))

    _, second, third = events
    assert isinstance(second, RequestReceived)
    assert isinstance(third, RequestReceived)
    assert second.head is third.head


def test_a_request_that_comes_once_is_not_remembered() -> None:
    decoder = HeaderDecoder(1000)
    block = encode(REQUEST)

    once, again = decoder.decode(block), decoder.decode(block)

    assert once is not again
    assert decoder.decode(block) is again


def test_large_blocks_are_not_remembered() -> None:
    decoder = HeaderDecoder(10_000)
    block = encode([(b"name", bytes(3000))])

    _, one, two = (decoder.decode(block) for _ in range(3))

    assert one is not None
    assert two is not None
    assert one.headers == two.headers
    assert one is not two


@pytest.mark.parametrize(
    "block", [b"\x80", b"\xff", b"\xbe", b"\x00\x05ab", b"\x3f\xe2\x1f", b"\x00\x81\xff\x01a"]
)
def test_blocks_that_are_wrong(block: bytes) -> None:
    peer = Peer()

    peer.send(frame(HEADERS, END_HEADERS, 1, block))

    assert peer.error() == COMPRESSION_ERROR


def test_a_block_in_pieces() -> None:
    peer = Peer()
    block = peer.encoder.encode(list(REQUEST))

    peer.send(frame(HEADERS, END_STREAM, 1, block[:3]))
    assert peer.connection.open_streams == 0
    peer.send(frame(CONTINUATION, 0, 1, b""))
    (event,) = peer.send(frame(CONTINUATION, END_HEADERS, 1, block[3:]))

    assert isinstance(event, RequestReceived)
    assert event.ended
