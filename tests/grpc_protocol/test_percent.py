"""`grpc-message` carries any text in printable ASCII, and comes back as it was."""

import re
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.server.api.grpc import percent


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("", b""),
        ("all is well", b"all is well"),
        ("100 %", b"100 %25"),
        ("a\r\nb\0", b"a%0D%0Ab%00"),
        ("für", b"f%C3%BCr"),
        ("~!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}", b"~!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}"),
        (" a b  ", b"%20a b%20%20"),
        ("  ", b"%20%20"),
        ("\x7f", b"%7F"),
        ("\ud800", b"?"),
    ],
)
def test_encoded(message: str, value: bytes) -> None:
    assert percent.encoded(message) == value


@given(st.text())
def test_comes_back_as_it_was(message: str) -> None:
    value = percent.encoded(message)
    assert re.fullmatch(rb"[\x20-\x7e]*", value)
    assert value == value.strip()
    assert unquote_to_bytes(value) == message.encode(errors="replace")
