"""The first bytes of a connection say which version it speaks, however they are split."""

import pytest

from tests.http.listening import echo, full_turn, listening
from tests.support.http2.frames import END_STREAM, HEADERS, PREFACE, greeting
from unisono.server.api.http.opening import LONGEST_LINE, Version, version_of


async def test_takes_http2_a_byte_at_a_time() -> None:
    async with listening(echo) as served:
        client = await served.connect(greets=False)
        for byte in greeting():
            client.say(bytes((byte,)))
            await full_turn(served)
        client.ask(1)
        await client.until(HEADERS, 1, flags=END_STREAM)


async def test_takes_http1_a_byte_at_a_time() -> None:
    async with listening(echo) as served:
        reader, writer = await served.open()
        for byte in b"GET / HTTP/1.0\r\n\r\n":
            writer.write(bytes((byte,)))
            await full_turn(served)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"", None),
        (b"P", None),
        (PREFACE[:-1], None),
        (PREFACE, Version.HTTP_2),
        (PREFACE + b"more", Version.HTTP_2),
        (PREFACE[:-1] + b"x", Version.NEITHER),
        (b"POST / HTTP", None),
        (b"POST / HTTP/1.1\r", None),
        (b"POST / HTTP/1.1\r\n", Version.HTTP_1),
        (b"GET / HTTP/1.0\n", Version.HTTP_1),
        (b"\r\nGET / HTTP/1.1\r\n", Version.HTTP_1),
        (b"GET / HTTP/2.0\r\n", Version.NEITHER),
        (b"GET /\r\n", Version.NEITHER),
        (b"\x16\x03\x01\x02\n", Version.TLS),
        (b"x" * (LONGEST_LINE - 1), None),
        (b"x" * LONGEST_LINE, Version.HTTP_1),
    ],
)
def test_tells_versions_apart(data: bytes, version: Version | None) -> None:
    assert version_of(data) is version
