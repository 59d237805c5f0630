"""Finds access tokens in URLs, where they do not belong: proxies log those, and browsers pass them on."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_NAMES: Final = frozenset(
    (
        *(b"access_token", b"accesstoken", b"id_token", b"refresh_token", b"token", b"jwt", b"bearer"),
        *(b"authorization", b"auth", b"api_key", b"apikey", b"secret", b"password"),
    )
)
_JWT: Final = re.compile(
    rb"(?:Bearer\s+)?eyJ[A-Za-z0-9_-]*\.eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", re.IGNORECASE
)


def has_token(query: bytes) -> bool:
    """Return whether the query of a URL has a parameter that is called like a token, or looks like one."""
    return any(_is_token(*part.partition(b"=")[::2]) for part in query.split(b"&") if part)


def _is_token(name: bytes, value: bytes) -> bool:
    plain = unquote_to_bytes(name.replace(b"+", b" ")).strip().lower().replace(b"-", b"_")
    return plain in _NAMES or _JWT.fullmatch(unquote_to_bytes(value.replace(b"+", b" ")).strip()) is not None
