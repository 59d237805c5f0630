"""Decodes tokens in the compact serialization (RFC 7515, section 7.1), of which nothing is trusted yet.

Whatever is sent is decoded once, in time that grows with its length alone.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn, Self, TypeAlias

from unisono.server.core.access.refused import undecodable
from unisono.server.model.value import value

JsonObject: TypeAlias = Mapping[str, Any]


@value(frozen=True, slots=True, kw_only=True, repr=False)
class SignedToken:
    """The parts of a token. `header` has an `alg` and perhaps a `kid`, which are texts."""

    header: JsonObject
    claims: JsonObject
    signing_input: bytes
    signature: bytes

    @classmethod
    def decode(cls, text: str) -> Self:
        """Decode an ASCII text. Raises `TokenUndecodable` when it is no signed JWT."""
        signing_input, _, signature = text.rpartition(".")
        header, _, claims = signing_input.partition(".")
        try:
            return cls(
                header=_header(header),
                claims=_object(claims),
                signing_input=signing_input.encode(),
                signature=_bytes(signature),
            )
        except (ValueError, RecursionError):
            raise undecodable("the access token is no JWT") from None


def _header(segment: str) -> JsonObject:
    """Decode a header, and check the types of the fields needed for the signature (RFC 7515, section 4.1).

    A JWT must not be signed over its plain claims (RFC 7797, section 7), so `b64` must not be false.
    """
    header = _object(segment)
    texts = isinstance(header.get("alg"), str) and isinstance(header.get("kid", ""), str)
    if not texts or header.get("b64", True) is not True:
        raise ValueError("no header")
    return header


def _object(segment: str) -> JsonObject:
    decoded = _DECODER.decode(_bytes(segment).decode())
    if not isinstance(decoded, dict):
        raise ValueError("no JSON object")
    return decoded


def _bytes(segment: str) -> bytes:
    """Decode base64url without padding. Python ignores foreign characters; encoding again reveals them."""
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode():
        raise ValueError("no base64url")
    return decoded


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads and JSON does not have (RFC 8259, section 6)."""
    raise ValueError("no JSON")


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that comes twice: readers differ in which of them counts (RFC 7519, section 4)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_object_of)
