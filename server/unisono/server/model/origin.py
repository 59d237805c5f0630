"""Origins of web pages (RFC 6454), as browsers name them: scheme, host and port."""

import re
from collections.abc import Collection
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple, Self

ANY: Final = "*"
"""Stands for every origin; only where things are tried out."""

ORIGIN_MAX: Final = 300
"""Characters of an origin: a host name has up to 253, and a scheme and a port are short."""

_FORM: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9][0-9]{0,4}))?")
_PORTS: Final = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """An origin. The port is None for the default one of a scheme that has none."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the origin that a text such as https://app.example.com:8443 names, in letters of any case.

        Raises `ValueError` for anything else: also for a path, if only a slash, and for "null", by which
        browsers name every page that has no origin.
        """
        found = _FORM.fullmatch(text.lower()) if text.isascii() and len(text) <= ORIGIN_MAX else None
        if found is None or (found[3] and int(found[3]) > 65535):
            raise ValueError(
                "must be an origin: scheme, host, and the port where that is not the default one, such as "
                "https://app.example.com or http://localhost:5173, without a path or a slash at its end"
            )
        return cls(found[1], _host(found[2]), int(found[3]) if found[3] else _PORTS.get(found[1]))


class OriginSet:
    """Some origins, or all of them."""

    def __init__(self, allowed: Collection[str]) -> None:
        """`allowed` are texts of origins, or "*". Raises `ValueError` for any other."""
        self._any: Final = ANY in allowed
        self._known: Final = frozenset(Origin.parse(text) for text in allowed if text != ANY)

    def __bool__(self) -> bool:
        return self._any or bool(self._known)

    def __contains__(self, text: str) -> bool:
        try:
            origin = Origin.parse(text)
        except ValueError:
            return False
        return self._any or origin in self._known


def _host(text: str) -> str:
    """Return a host as it is compared. Raises `ValueError` for what only looks like an address."""
    try:
        if text.startswith("["):
            return IPv6Address(text[1:-1]).compressed
        if text.rpartition(".")[2].isdigit():
            return str(IPv4Address(text))
    except AddressValueError as error:
        raise ValueError(f"must have a host that exists: {error}") from error
    return text
