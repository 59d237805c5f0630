"""The apps and issuers that a server trusts: those declared, and the development key where enabled."""

from collections.abc import Iterator

from unisono.server.app import dev_key
from unisono.server.clock import Clock
from unisono.server.config import IssuerSettings, Settings
from unisono.server.config.address import Address
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import AppOnly, Issuer
from unisono.server.core.access.keys import Key, key_of_pem, key_of_secret, keys_of_jwks
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.verifier import TokenVerifier


def verifier(settings: Settings, clock: Clock) -> TokenVerifier:
    """Return the verifier of access tokens for these settings.

    Raises `AccessMisconfigured` when an app, an issuer or a key is wrong, when nobody is trusted, or when the
    development key would be accepted on an address that other machines reach.
    """
    _check_somebody_is_trusted(settings)
    _check_dev_key_stays_here(settings)
    return TokenVerifier(
        issuers(settings),
        apps(settings),
        clock,
        max_bytes=settings.access_token_bytes,
        clock_skew=int(settings.clock_skew * 1000),
    )


def apps(settings: Settings) -> Apps:
    """Return the declared apps, and the app `demo` when the development key is enabled.

    Raises `AccessMisconfigured` when an app id or a client id is declared twice.
    """
    declared = [
        App(app_id=app.app_id, display_name=app.display_name, client_ids=app.client_ids)
        for app in settings.apps
    ]
    if settings.dev and dev_key.DEMO.app_id not in (app.app_id for app in declared):
        declared.append(dev_key.DEMO)
    return Apps(declared)


def issuers(settings: Settings) -> Iterator[Issuer]:
    """Yield the declared issuers, then that of the development key, which is created if missing.

    Raises `AccessMisconfigured` when the keys of an issuer cannot be used.
    """
    for declared in settings.issuers:
        yield Issuer(
            issuer=declared.issuer,
            audiences=declared.audience,
            keys=tuple(_keys(declared)),
            user_claims=declared.user_claims,
            app_only=AppOnly(declared.app_only),
        )
    if settings.dev:
        yield dev_key.issuer(settings.store_file)


def _keys(declared: IssuerSettings) -> list[Key]:
    keys = [key for key in _all_keys(declared) if declared.algorithm in (None, key.algorithm)]
    if not keys:
        raise AccessMisconfigured(f"the issuer {declared.issuer!r} has no key for {declared.algorithm}")
    return keys


def _all_keys(declared: IssuerSettings) -> tuple[Key, ...]:
    if declared.pem_file is not None:
        return (key_of_pem(declared.pem_file),)
    if declared.jwks_file is not None:
        return keys_of_jwks(declared.jwks_file)
    return (key_of_secret(declared.secret.get_secret_value()),)


def _check_somebody_is_trusted(settings: Settings) -> None:
    if settings.dev:
        return
    if not settings.issuers:
        raise AccessMisconfigured(
            "no issuer of access tokens is declared, so nobody could call: declare [[issuers]] and [[apps]] "
            "in a file and name it with --config, or add --dev to try things out"
        )
    if not settings.apps:
        raise AccessMisconfigured("no app is declared, so nobody could call: declare [[apps]] in the file")


def _check_dev_key_stays_here(settings: Settings) -> None:
    here = Address.parse(settings.listen).is_loopback
    if settings.dev and not here and not settings.dev_key_on_any_address:
        raise AccessMisconfigured(
            f"--dev would accept a development key on {settings.listen}, which other machines reach: "
            "listen on 127.0.0.1, or say --dev-key-on-any-address"
        )
