"""Says where the keys of a declared issuer come from, and makes that source of keys."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from unisono.server.clock import Clock
from unisono.server.config import IssuerSettings, Settings
from unisono.server.config.secret_files import accessible_to_all_users, exposed
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.keys.base import Algorithm, FixedKeys, Key, KeySource, UnusableKeys
from unisono.server.keys.files import KeyFile
from unisono.server.keys.formats import (
    PUBLIC_KEY_ALGORITHMS,
    key_of_secret,
    keys_of_jwks,
    keys_of_pem,
    keys_of_secrets,
)
from unisono.server.keys.urls import discovery_url, is_allowed


def key_source(declared: IssuerSettings, settings: Settings, clock: Clock) -> KeySource:
    """Return the keys of an issuer. Raises `AccessMisconfigured` where they cannot be used."""
    try:
        return _of_file(declared, clock) or _of_url(declared, settings, clock)
    except UnusableKeys as error:
        name = declared.name or declared.issuer
        raise AccessMisconfigured(f"the keys of the issuer {name!r} cannot be used: {error}") from error


def _of_file(declared: IssuerSettings, clock: Clock) -> KeySource | None:
    accepted = tuple(map(Algorithm, declared.algorithms))
    if declared.secret:
        _check_symmetric(accepted)
        return FixedKeys(key_of_secret(declared.secret.get_secret_value()))
    if declared.secret_file is not None:
        _check_symmetric(accepted)
        return KeyFile(declared.secret_file, _private_secrets, clock)
    if declared.pem_file is not None:
        return KeyFile(declared.pem_file, partial(keys_of_pem, accepted=accepted), clock)
    if declared.jwks_file is not None:
        return KeyFile(declared.jwks_file, partial(keys_of_jwks, accepted=accepted), clock)
    return None


def _of_url(declared: IssuerSettings, settings: Settings, clock: Clock) -> KeySource:
    # Whoever has no such issuer does not pay for the import of an HTTP client.
    from unisono.server.keys.discovery import Discovered, Published
    from unisono.server.keys.fetch import Fetcher
    from unisono.server.keys.remote import Freshness, RemoteKeys

    accepted = tuple(map(Algorithm, declared.algorithms)) or PUBLIC_KEY_ALGORITHMS
    url = declared.jwks_url or declared.discovery or discovery_url(declared.issuer)
    if not is_allowed(url, loopback=True):
        raise UnusableKeys(f"{url} is not https, which keys have to come by")
    fetch = (
        Published(url, Fetcher(), accepted)
        if declared.jwks_url
        else Discovered(declared.issuer, url, Fetcher(), accepted)
    )
    freshness = Freshness(refresh=settings.keys_refresh, stale_max=settings.keys_stale_max)
    return RemoteKeys(declared.name or declared.issuer, fetch, clock, freshness)


def _check_symmetric(accepted: Sequence[Algorithm]) -> None:
    if accepted and Algorithm.HS256 not in accepted:
        raise UnusableKeys(f"a shared secret is no key for {' or '.join(accepted)}, only for HS256")


def _private_secrets(text: str, where: str) -> Sequence[Key]:
    """Return the secrets in a file, each time that it is read unless every user of the machine may."""
    if accessible_to_all_users(Path(where).stat().st_mode):
        raise UnusableKeys(exposed(where, "the secret of an issuer"))
    return keys_of_secrets(text, where)
