"""Resume tokens: a position, and whose it is, as bytes.

Layout: version, feed mark, endpoint mark, store epoch, feed epoch, cursor, known, base, CRC-32. The
marks are hashes, so a token reveals no ids; it needs no signature, because it gives access to nothing
that the access token does not.
"""

import hashlib
import struct
import zlib
from collections.abc import Container, Iterable
from dataclasses import dataclass

from unisono.server.core.position import Position
from unisono.server.errors import InvalidRequest, Reason
from unisono.server.model import FeedKey

VERSION = 1
_SEAL = struct.Struct(">B8s8s8s8s")
_POSITION = struct.Struct(">QQQ")
_CHECK = struct.Struct(">I")
_MARK_BYTES = 8
_SIZE = _SEAL.size + _POSITION.size + _CHECK.size


@dataclass(frozen=True, slots=True)
class Seal:
    """The endpoint, the feed and the epochs that a token is valid for. Constant for a session, so made once.

    `feed` and `endpoint` are marks of eight bytes; see `registration_of` for that of an endpoint.
    """

    feed: bytes
    endpoint: bytes
    store_epoch: bytes
    feed_epoch: bytes

    @classmethod
    def of(
        cls, key: FeedKey, endpoint_id: str, store_epoch: bytes, feed_epoch: bytes, registrations: int = 0
    ) -> "Seal":
        """Return the seal of one endpoint of one feed, with the epochs of the store and of the feed.

        `registrations` is that of the endpoint (see `model.Endpoint`).
        """
        return cls(_mark(*key), _mark(*key, endpoint_id, count=registrations), store_epoch, feed_epoch)

    def token(self, position: Position) -> bytes:
        """Return the resume token of a position."""
        head = _SEAL.pack(VERSION, self.feed, self.endpoint, self.store_epoch, self.feed_epoch)
        body = head + _POSITION.pack(position.cursor, position.known, position.base)
        return body + _CHECK.pack(zlib.crc32(body))

    def open(self, token: bytes, former: Iterable[FeedKey] = ()) -> Position | None:
        """Return the position in a token; None when it is of another endpoint, or of another epoch.

        So it is when it was given out under one of the names that the feed had, `former`. Raises
        `InvalidRequest` (RESUME_TOKEN_INVALID) when it is damaged, or of another feed or version.
        """
        *seal, position = _parse(token, (self.feed, *(_mark(*key) for key in former)))
        if seal != [self.feed, self.endpoint, self.store_epoch, self.feed_epoch]:
            return None
        return position


def registration_of(token: bytes, key: FeedKey, endpoint_id: str, former: Iterable[FeedKey] = ()) -> int:
    """Return which registration of an endpoint a token was given out for, 0 for the first.

    The mark of an endpoint is a hash, with the count of registrations laid over it bit by bit: so it tells
    the count to whoever knows the id, and that of a first registration is the hash alone, as it was before
    there was a count. For a token of another endpoint the number is larger than any count. `former` and
    errors are as in `Seal.open`.
    """
    keys = {_mark(*name): name for name in (key, *former)}
    feed, endpoint, *_ = _parse(token, keys)
    return int.from_bytes(endpoint, "big") ^ int.from_bytes(_mark(*keys[feed], endpoint_id), "big")


def _parse(token: bytes, feeds: Container[bytes]) -> tuple[bytes, bytes, bytes, bytes, Position]:
    """Return the marks and epochs of a token, and its position; `feeds` are the marks that it may have."""
    if len(token) != _SIZE:
        raise _invalid("is not a resume token")
    body, check = token[: -_CHECK.size], token[-_CHECK.size :]
    if _CHECK.unpack(check)[0] != zlib.crc32(body):
        raise _invalid("is damaged")
    version, feed, endpoint, store_epoch, feed_epoch = _SEAL.unpack(body[: _SEAL.size])
    if version != VERSION or feed not in feeds:
        raise _invalid("was not given out for this feed")
    return feed, endpoint, store_epoch, feed_epoch, Position(*_POSITION.unpack(body[_SEAL.size :]))


def _mark(*names: str, count: int = 0) -> bytes:
    digest = hashlib.blake2b(digest_size=_MARK_BYTES)
    for name in names:
        raw = name.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return (int.from_bytes(digest.digest(), "big") ^ count).to_bytes(_MARK_BYTES, "big")


def _invalid(what: str) -> InvalidRequest:
    return InvalidRequest.of("resume_token", what, Reason.RESUME_TOKEN_INVALID)
