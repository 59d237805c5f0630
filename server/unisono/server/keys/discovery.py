"""Finds the keys of an issuer by its discovery document.

See OpenID Connect Discovery 1.0, sections 3 and 4, and RFC 8414; both have the same two fields.
"""

from collections.abc import Collection, Sequence

import structlog

from unisono.server.keys.base import Algorithm, FetchError, Key, UnusableKeys
from unisono.server.keys.fetch import Fetcher
from unisono.server.keys.formats import keys_of_set

log = structlog.get_logger(__name__)


class Discovered:
    """The keys of an issuer whose discovery document is at `url`: called, it fetches both."""

    def __init__(self, issuer: str, url: str, fetcher: Fetcher, accepted: Collection[Algorithm]) -> None:
        self._issuer = issuer
        self._url = url
        self._fetcher = fetcher
        self._accepted = accepted

    async def __call__(self) -> Sequence[Key]:
        """Return the keys. Raises `FetchError` and `UnusableKeys`.

        The document must be that of the issuer, by its own words: otherwise whoever has a part of a host
        could speak for others on it (OpenID Connect Discovery 1.0, section 4.3).
        """
        document = await self._fetcher.json(self._url)
        issuer, jwks_uri = document.get("issuer"), document.get("jwks_uri")
        if issuer != self._issuer:
            raise FetchError(f"{self._url} is of the issuer {issuer!r:.200}, not of {self._issuer!r}")
        if not isinstance(jwks_uri, str):
            raise FetchError(f"{self._url} names no jwks_uri")
        return await Published(jwks_uri, self._fetcher, self._accepted)()

    async def close(self) -> None:
        """Close the connections."""
        await self._fetcher.close()


class Published:
    """The keys in a JWK set at `url`: called, it fetches them."""

    def __init__(self, url: str, fetcher: Fetcher, accepted: Collection[Algorithm]) -> None:
        self._url = url
        self._fetcher = fetcher
        self._accepted = accepted

    async def __call__(self) -> Sequence[Key]:
        """Return the keys. Raises `FetchError` and `UnusableKeys`; what is wrong with some is logged."""
        document = await self._fetcher.json(self._url)
        keys, problems = keys_of_set(document, self._url, self._accepted)
        for problem in problems:
            log.warning("a key of an issuer cannot be used", problem=problem)
        if not keys:
            raise UnusableKeys(f"{self._url} has no signing key for an accepted algorithm")
        return keys

    async def close(self) -> None:
        """Close the connections."""
        await self._fetcher.close()
