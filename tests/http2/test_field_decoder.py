"""Fields are decoded exactly as `hpack` decodes them, and what it refuses is refused."""

from collections.abc import Sequence

import pytest
from hpack import Decoder, Encoder, HPACKError, OversizedHeaderListError
from hpack.huffman_table import decode_huffman
from hypothesis import given
from hypothesis import strategies as st

from unisono.server.api.http.h2 import huffman
from unisono.server.api.http.h2.field_decoder import FieldDecoder
from unisono.server.api.http.h2.requests import Header

LARGEST = 4096

names = st.sampled_from([b":path", b":authority", b"te", b"authorization", b"x-of-our-own", b"user-agent"])
fields = st.tuples(names, st.binary(max_size=300), st.booleans())
resizes = st.sampled_from([0, 100, 4096])
#: A block by an encoder, or bytes that are none, and perhaps one that is cut off or changed in a place.
blocks = st.lists(st.one_of(st.lists(fields, max_size=6), resizes, st.binary(max_size=40)), max_size=6)
damage = st.tuples(st.integers(0, 5), st.integers(0, 400), st.integers(0, 255))


def outcome(decode: Decoder | FieldDecoder, block: bytes) -> Sequence[Header] | str:
    """The fields of a block, or what kind of error it is."""
    try:
        found = decode.decode(block, raw=True) if isinstance(decode, Decoder) else decode.decode(block)
        return [(bytes(name), bytes(value)) for name, value in found]
    except OversizedHeaderListError:
        return "too large"
    except (HPACKError, IndexError):
        return "wrong"


@given(blocks, st.booleans(), st.none() | damage)
def test_it_decodes_as_the_library_does(
    pieces: list[list[tuple[bytes, bytes, bool]] | int | bytes],
    in_huffman: bool,
    broken: tuple[int, int, int] | None,
) -> None:
    encoder, theirs, ours = Encoder(), Decoder(LARGEST), FieldDecoder(LARGEST, LARGEST)
    for number, piece in enumerate(pieces):
        if isinstance(piece, int):
            encoder.header_table_size = piece
            continue
        block = piece if isinstance(piece, bytes) else encoder.encode(piece, huffman=in_huffman)
        if broken is not None and broken[0] == number and broken[1] < len(block):
            block = block[: broken[1]] + bytes((broken[2],)) * (broken[2] % 2) + block[broken[1] + 1 :]
        expected = outcome(theirs, block)
        assert outcome(ours, block) == expected
        if isinstance(expected, str):
            return
        assert ours.table._fields[::-1] == list(theirs.header_table.dynamic_entries)
        assert ours.table.max_size == theirs.header_table_size


@given(st.binary(max_size=60))
def test_any_bytes_are_a_huffman_string_or_none_as_for_the_library(data: bytes) -> None:
    try:
        expected: bytes | None = decode_huffman(data)
    except HPACKError:
        expected = None
    try:
        found: bytes | None = huffman.decoded(data)
    except HPACKError:
        found = None
    assert found == expected


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",
        b"\xc0",
        b"\x82\x20",
        b"\x3f\xe2\x1f",
        b"\x40\x05abc",
        b"\x40\x01a",
        b"\x0f",
        b"\xff\x80\x80\x80\x80\x80\x01",
        b"\x00\x81\xff\x01a",
    ],
    ids=[
        "index zero",
        "an entry that is not there",
        "a resize after a field",
        "a table that is too large",
        "a name that is cut off",
        "no value",
        "a number that is cut off",
        "a number that is too long",
        "padding of a whole byte",
    ],
)
def test_what_is_wrong_is_refused(block: bytes) -> None:
    assert outcome(Decoder(), block) == outcome(FieldDecoder(LARGEST, LARGEST), block) == "wrong"


def test_a_list_that_grows_too_large_ends_at_the_field_that_is_too_much() -> None:
    # Given a field of 2,000 bytes in the table, when a block of few bytes says it often, it is too large
    decoder = FieldDecoder(LARGEST, LARGEST)
    decoder.decode(Encoder().encode([(b"x", b"y" * 2000)]))
    assert outcome(decoder, b"\xbe" * 2) != "too large"
    assert outcome(decoder, b"\xbe" * 3) == "too large"
