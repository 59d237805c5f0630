"""Reads the query of a path: the message of a call by GET (Connect protocol, "Unary-Get-Request")."""

from base64 import b64decode
from binascii import Error
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from unisono.server.api.rpc.envelopes import IDENTITY
from unisono.server.api.web.head import MalformedHead

MOST_PARAMETERS: Final = 20

JSON: Final = "json"
PROTO: Final = "proto"


class Query(NamedTuple):
    """A message, in JSON or protobuf, and how it is compressed. Without any it has no fields."""

    message: bytes
    is_json: bool
    encoding: bytes


def query_of(text: bytes) -> Query:
    """Return what a query says; what it has besides is passed over. Raises `MalformedHead`."""
    try:
        # Not text yet: a message of protobuf is any bytes.
        pairs = parse_qsl(
            text.decode("ascii"), keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise MalformedHead("the query is not encoded as that of a URL, or has too many parameters") from None
    given = dict(pairs)
    if given.get("connect", "v1") != "v1":
        raise MalformedHead("the parameter connect has to be v1")
    encoding = given.get("encoding", JSON)
    if encoding not in (JSON, PROTO):
        raise MalformedHead("the parameter encoding has to be json or proto")
    return Query(
        _message(given), encoding == JSON, given.get("compression", "").encode("latin-1") or IDENTITY
    )


def _message(given: dict[str, str]) -> bytes:
    message = given.get("message", "").encode("latin-1")
    if given.get("base64", "0") != "1":
        return message
    try:
        return b64decode(message + b"=" * (-len(message) % 4), altchars=b"-_", validate=True)
    except Error:
        raise MalformedHead("the parameter message is not base64") from None
