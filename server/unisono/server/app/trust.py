"""The apps and issuers that a server trusts: those declared, and the development key where enabled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from unisono.server.api.http.networks import network_of_name
from unisono.server.app import admin_key, dev_key
from unisono.server.app.key_sources import key_source
from unisono.server.clock import Clock
from unisono.server.config import IssuerSettings, Settings
from unisono.server.config.address import Address
from unisono.server.core.access.app_tokens import AppOnly
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.sharing import with_issuers
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.keys.base import KeySource
from unisono.server.model.origin import ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom a server trusts: the verifier of their tokens, and where it has their keys from."""

    verifier: TokenVerifier
    apps: Apps
    issuers: Sequence[Issuer]

    @property
    def user_prefixes(self) -> Mapping[str, Collection[str]]:
        """For each app that has users, the prefixes that its issuers give them, the empty one, too."""
        speaking = {one.name: one.user_prefix for one in self.issuers if one.speaks_for_users}
        found = {
            app.app_id: {speaking[name] for name in app.issuers if name in speaking} for app in self.apps
        }
        return {app_id: prefixes for app_id, prefixes in found.items() if prefixes}

    @property
    def origins(self) -> Mapping[str, Collection[str]]:
        """The origins of each app."""
        return {app.app_id: app.origins for app in self.apps}

    @property
    def key_sources(self) -> Sequence[KeySource]:
        """The sources of keys, to be started and closed."""
        return tuple(issuer.keys for issuer in self.issuers)


def trust(settings: Settings, clock: Clock, *, with_admin_key: bool = False) -> Trust:
    """Return whom a server with these settings trusts; also its admin key, made where missing, if asked for.

    Raises `AccessMisconfigured` when an app, an issuer or a key is wrong, when nobody is trusted, or when the
    development key would be accepted on an address that other machines reach.
    """
    _check_somebody_is_trusted(settings)
    _check_dev_key_stays_here(settings)
    _check_certificates_are_asked_for(settings)
    _check_origins_are_named(settings)
    declared = [issuer_of(issuer, key_source(issuer, settings, clock)) for issuer in settings.issuers]
    issuers = [*declared, dev_key.issuer(settings.store_file)] if settings.dev else declared
    if with_admin_key:
        issuers = [*issuers, admin_key.issuer(settings.store_file)]
    known = _apps(settings, declared)
    verifier = TokenVerifier(
        issuers,
        known,
        clock,
        max_bytes=settings.access_token_bytes,
        clock_skew=int(settings.clock_skew * 1000),
        budget=SignatureBudget(
            clock,
            per_connection=settings.stranger_calls_per_second,
            per_address=settings.refused_signatures_per_address,
            in_all=settings.refused_signatures_per_second,
            address_of=network_of_name,
        ),
        client_certificates=settings.asks_for_certificates,
    )
    return Trust(verifier=verifier, apps=known, issuers=issuers)


def declared_apps(settings: Settings) -> list[App]:
    """Return the declared apps, and the app `demo` when the development key is enabled."""
    declared = [App(**app.model_dump()) for app in settings.apps]
    if settings.dev and dev_key.DEMO.app_id not in (app.app_id for app in declared):
        declared.append(dev_key.DEMO)
    return declared


def _apps(settings: Settings, issuers: Sequence[Issuer]) -> Apps:
    """Return the apps with their issuers; all take tokens of the development key where that is enabled.

    Then pages of all origins may call for apps that declare none: a developer serves pages wherever he likes.
    """
    known = declared_apps(settings)
    if not settings.dev:
        return Apps(with_issuers(known, issuers))
    if issuers:
        real = with_issuers([app for app in known if app is not dev_key.DEMO], issuers)
        known = [*real, *(app for app in known if app is dev_key.DEMO)]
    return Apps(
        replace(app, issuers=(*app.issuers, dev_key.ISSUER), origins=app.origins or (ANY,)) for app in known
    )


def issuer_of(declared: IssuerSettings, keys: KeySource) -> Issuer:
    """Return the issuer with this table and these keys. Raises `AccessMisconfigured`."""
    return Issuer(
        issuer=declared.issuer,
        name=declared.name,
        audiences=declared.audience,
        audience_claim=declared.audience_claim,
        keys=keys,
        token_types=frozenset(typ.lower() for typ in declared.token_types),
        id_tokens=declared.id_tokens,
        required_claims=declared.required_claims,
        client_claims=declared.client_claims,
        user_claims=declared.user_claims,
        user_prefix=declared.user_prefix,
        scope_claims=declared.scope_claims,
        scope_map=declared.scope_map,
        user_scopes=frozenset(declared.user_scopes),
        app_scopes=frozenset(declared.app_scopes),
        app_only=AppOnly(declared.app_only),
        client_subject=declared.client_subject,
        app_only_claims=declared.app_only_claims,
        app_only_scope=declared.app_only_scope,
        admin_claim=declared.admin_claim,
    )


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


def _check_certificates_are_asked_for(settings: Settings) -> None:
    declaring = [app.app_id for app in settings.apps if app.client_certificates]
    if declaring and not settings.asks_for_certificates:
        raise AccessMisconfigured(
            f"the app {declaring[0]} has client_certificates, but clients are asked for none: name the "
            "authorities that issue them with tls_client_ca, or where trusted_proxies pass them on with "
            "client_certificate_header"
        )


def _check_origins_are_named(settings: Settings) -> None:
    open_to_all = [app.app_id for app in settings.apps if ANY in app.origins]
    if open_to_all and not settings.dev:
        raise AccessMisconfigured(
            f'the app {open_to_all[0]} has the origin "{ANY}", which is for trying things out: name its '
            "origins, such as https://app.example.com, or add --dev"
        )
