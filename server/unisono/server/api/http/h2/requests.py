"""What the headers of a request may be (RFC 9113, section 8): others are malformed, and end their stream."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = Sequence[Header]

_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_BAD_IN_VALUE: Final = re.compile(rb"[\x00\r\n]")
_PSEUDO: Final = frozenset((b":method", b":scheme", b":path", b":authority"))
_OF_CONNECTIONS: Final = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")
)


class Malformed(Exception):
    """The headers break a rule; the message says which."""


class RequestHead(NamedTuple):
    """The checked headers of a request, `headers` without the pseudo-headers.

    `authority` is that of the pseudo-header, else the header "host". `content_length` is None where it does
    not say.
    """

    method: bytes
    path: bytes
    authority: bytes
    headers: Headers
    content_length: int | None


def request_head(headers: Headers) -> RequestHead:
    """Return the head of a request. Raises `Malformed`."""
    pseudo: dict[bytes, bytes] = {}
    for name, value in headers:
        if not name.startswith(b":"):
            break
        if name not in _PSEUDO or name in pseudo:
            raise Malformed("a pseudo-header is unknown, or comes twice")
        pseudo[name] = value
    rest = headers[len(pseudo) :]
    _check_fields(rest)
    if not (pseudo.get(b":method") and pseudo.get(b":scheme") and pseudo.get(b":path")):
        raise Malformed(":method, :scheme or :path is missing")
    if any(_BAD_IN_VALUE.search(value) for value in pseudo.values()):
        raise Malformed("a pseudo-header has a control character")
    authority = pseudo.get(b":authority") or next((value for name, value in rest if name == b"host"), b"")
    return RequestHead(pseudo[b":method"], pseudo[b":path"], authority, rest, _content_length(rest))


def check_trailers(headers: Headers) -> None:
    """Raise `Malformed` for headers that may not end a request."""
    _check_fields(headers)


def _check_fields(fields: Iterable[Header]) -> None:
    for name, value in fields:
        if not _NAME.fullmatch(name):
            raise Malformed("the name of a header is no lower-case token, or a pseudo-header comes late")
        if name in _OF_CONNECTIONS:
            raise Malformed("a header is for connections of HTTP/1.1 alone")
        if name == b"te" and value != b"trailers":
            raise Malformed("te is something else than trailers")
        # Blanks around a value are forbidden, too, but grpc-core sends them, and they harm nobody.
        if _BAD_IN_VALUE.search(value):
            raise Malformed("the value of a header has a control character")


def _content_length(fields: Iterable[Header]) -> int | None:
    found = {value for name, value in fields if name == b"content-length"}
    if not found:
        return None
    if len(found) > 1 or not (text := found.pop()).isdigit() or len(text) > 15:
        raise Malformed("content-length is no number, or several")
    return int(text)
