"""Reads the headers of a call of Connect, in one pass."""

import re
from typing import Final, NamedTuple

from unisono.server.api.http.exchange import Headers
from unisono.server.api.rpc import metadata
from unisono.server.api.rpc.envelopes import GZIP, IDENTITY

#: Of HTTP and of the protocol, not of whoever calls.
_NO_METADATA: Final = frozenset(
    (
        b"accept",
        b"connection",
        b"content-length",
        b"content-type",
        b"expect",
        b"host",
        b"te",
        b"transfer-encoding",
    )
)
_OWN: Final = (b"connect-protocol-version", b"connect-timeout-ms")
_TIMEOUT: Final = re.compile(rb"[0-9]{1,10}")


class MalformedHead(Exception):
    """The headers of a call break the protocol; the message says which."""


class WebHead(NamedTuple):
    """What the headers of a call say. `seconds` is None where the client waits for ever.

    `encoding` is that of its messages, `takes_gzip` whether those of responses may be compressed. `metadata`
    are the headers that are not the protocol's.
    """

    seconds: float | None
    encoding: bytes
    takes_gzip: bool
    metadata: tuple[tuple[str, str | bytes], ...]


def connect_head(headers: Headers, *, enveloped: bool) -> WebHead:
    """Return what the headers say. Raises `MalformedHead`.

    A message that is the whole body is encoded as HTTP says, one in an envelope as Connect does.
    """
    prefix = b"connect-" if enveloped else b""
    own = dict.fromkeys(_OWN, b"")
    own[encoding := prefix + b"content-encoding"] = own[accepted := prefix + b"accept-encoding"] = b""
    entries: list[tuple[str, str | bytes]] = []
    try:
        for name, value in headers:
            if name in own:
                own[name] = value
            elif name not in _NO_METADATA:
                entries.extend(metadata.received(name, value))
        if own[b"connect-protocol-version"] not in (b"", b"1"):
            raise ValueError("connect-protocol-version has to be 1")
        seconds = _seconds(own[b"connect-timeout-ms"])
    except ValueError as error:
        raise MalformedHead(str(error)) from None
    return WebHead(
        seconds=seconds,
        encoding=own[encoding].strip().lower() or IDENTITY,
        takes_gzip=GZIP in (one.partition(b";")[0].strip() for one in own[accepted].lower().split(b",")),
        metadata=tuple(entries),
    )


def _seconds(value: bytes) -> float | None:
    if not value:
        return None
    if not _TIMEOUT.fullmatch(value):
        raise ValueError("connect-timeout-ms is not up to ten digits")
    return int(value) / 1000
