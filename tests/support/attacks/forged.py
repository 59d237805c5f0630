"""Attacks by access tokens that look right, but for their signatures: 10,000 of them a second."""

import asyncio
import base64
import json
import random
import time
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from typing import Final, cast

from tests.support.attacks.strangers import SEND, Begun, again
from tests.support.http2 import frames
from tests.support.http2.call import framed, header_block, request_fields
from tests.support.http2.stranger import Target

#: What the tokens say of themselves. The server that is attacked trusts this issuer, and has this key of it.
ISSUER: Final = "https://rsa.test/"
KEY_ID: Final = "2026"
AUDIENCE: Final = "unisono"
CLIENT_ID: Final = "rsa-client"

#: Bytes of a signature of RS256 with a key of 2,048 bits.
_SIGNATURE: Final = 256

#: Tokens that are sent in a second, of all connections together, and how many different ones there are.
RATE: Final = 10_000
_DIFFERENT: Final = 4_096

#: Connections of those who come by many, and requests on each that wait for their answers.
MANY: Final = 50
_UNANSWERED: Final = 900

#: The pause between two times at which something is sent, in seconds.
_TICK: Final = 0.01

#: Requests that a proxy as it ships has under way of one client.
_PROXIED: Final = 1000

#: Whom a proxy names that passes the tokens on.
_SOMEBODY: Final = ("x-forwarded-for", "192.0.2.1")


async def forged(target: Target, begun: Begun) -> None:
    """Send forged tokens on one connection after another."""
    await _forge(target, begun, 1)


async def forged_by_many(target: Target, begun: Begun) -> None:
    """Send forged tokens on many connections of one address."""
    await _forge(target, begun, MANY)


async def forged_behind_a_proxy(target: Target, begun: Begun) -> None:
    """Send forged tokens of one client on many connections of its proxy."""
    await _forge(target, begun, MANY, _SOMEBODY, most=_PROXIED // MANY)


async def _forge(
    target: Target, begun: Begun, connections: int, *headers: tuple[str, str], most: int = _UNANSWERED
) -> None:
    counts, requests = Counts(), cycle(list(_requests(headers)))
    rate = RATE / connections
    try:
        await asyncio.gather(
            *(
                again(partial(_send, target, begun, counts, requests, rate, most), begun)
                for _ in range(connections)
            )
        )
    finally:
        counts.tell()


class Counts:
    """How many tokens were sent, and how many of them were answered."""

    def __init__(self) -> None:
        self.sent = self.answered = 0
        self._since = time.monotonic()

    def tell(self) -> None:
        """Print how many there were in a second."""
        seconds = time.monotonic() - self._since
        rates = {"sent": self.sent / seconds, "answered": self.answered / seconds}
        print(json.dumps(rates), flush=True)  # noqa: T201 - it is read from the standard output


class Forger(asyncio.Protocol):
    """Sends requests as fast as the server takes and answers them, and no faster than it is to."""

    def __init__(self, counts: Counts, most: int) -> None:
        """At most `most` requests wait for their answers."""
        self._most = most
        self.closed = asyncio.Event()
        self._counts = counts
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._next_id = 1
        self._unanswered = 0
        self._may_write = True

    def forge(self, requests: Iterator[bytes], count: int) -> None:
        """Send so many requests, or as many of them as there is room for."""
        sent = min(count, self._most - self._unanswered) if self._may_write else 0
        for _ in range(sent):
            block, stream_id = next(requests), self._next_id
            head = frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, block)
            body = frames.frame(frames.DATA, frames.END_STREAM, stream_id, framed(b""))
            self._transport.write(head + body)
            self._next_id += 2
        self._unanswered += sent
        self._counts.sent += sent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(frames.greeting() + frames.more_room(0, 2**30))

    def data_received(self, data: bytes) -> None:
        """See asyncio. What the answers say does not matter."""
        self._buffer += data
        for one in frames.take_frames(self._buffer):
            if one.kind == frames.SETTINGS and not one.flags & frames.ACK:
                self._transport.write(frames.frame(frames.SETTINGS, frames.ACK, 0, b""))
            elif one.kind == frames.PING and not one.flags & frames.ACK:
                self._transport.write(frames.frame(frames.PING, frames.ACK, 0, one.payload))
            elif one.kind == frames.RST_STREAM or (
                one.kind == frames.HEADERS and one.flags & frames.END_STREAM
            ):
                self._unanswered -= 1
                self._counts.answered += 1

    def pause_writing(self) -> None:
        """See asyncio."""
        self._may_write = False

    def resume_writing(self) -> None:
        """See asyncio."""
        self._may_write = True

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self.closed.set()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()


async def _send(
    target: Target, begun: Begun, counts: Counts, requests: Iterator[bytes], rate: float, most: int
) -> None:
    host, port = target.address.rsplit(":", 1)
    loop = asyncio.get_running_loop()
    _, forger = await loop.create_connection(
        lambda: Forger(counts, most), host, int(port), local_addr=(target.source, 0)
    )
    due, last = 0.0, loop.time()
    try:
        while not forger.closed.is_set():
            now = loop.time()
            # What one could not send is not made up for.
            due, last = min(due + rate * (now - last), rate), now
            forger.forge(requests, int(due))
            due -= int(due)
            begun()
            await asyncio.sleep(_TICK)
    finally:
        forger.abort()


def _requests(headers: tuple[tuple[str, str], ...]) -> Iterator[bytes]:
    """Yield the header blocks of requests, each with another token."""
    for _ in range(_DIFFERENT):
        fields = request_fields(SEND, "unisono.test", _token())
        yield header_block((*fields, *headers), huffman=False)


def _token() -> str:
    """Return a token whose signature is of the right length, and wrong."""
    header = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "azp": CLIENT_ID,
        "sub": "ada",
        "scope": "notifications.readwrite notifications.send",
        "exp": int(time.time()) + 3600,
    }
    signature = b"\0" + random.randbytes(_SIGNATURE - 1)  # noqa: S311
    return ".".join(map(_encoded, (json.dumps(header).encode(), json.dumps(claims).encode(), signature)))


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
