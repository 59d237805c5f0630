"""Verifies access tokens: what they are, who issued them, in what time, for which app, and for whom."""

from collections.abc import Iterable, Sequence
from typing import Final

from unisono.server.clock import Clock
from unisono.server.core.access.app_tokens import told
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.claims import (
    Claims,
    check_texts,
    client_id_of,
    has,
    scopes_of,
    texts_of,
    time_of,
    user_id_of,
)
from unisono.server.core.access.issuers import Issuer, Issuers
from unisono.server.core.access.jws import SignedToken
from unisono.server.core.access.principal import SCOPE_OF_ROLE, Principal
from unisono.server.core.access.refused import invalid, lacking, undecodable
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.token_cache import TokenCache
from unisono.server.core.access.token_type import check_claims, check_header
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated, Unavailable
from unisono.server.keys.base import Key, KeysUnavailable

TOKEN_CACHE_SIZE: Final = 10_000

KEYS_TRIED_MAX: Final = 10
"""The most keys that are tried for a token that names none. Who has more has to name them (`kid`)."""


class TokenVerifier:
    """Verifies JWTs (RFC 7519) of the declared issuers, for the declared apps.

    The keys and algorithms come from the issuer's declaration alone: headers that carry or name keys
    (`jwk`, `jku`, `x5c`, `x5u`) are ignored. Times are checked against `clock`: `exp` strictly, `nbf` and
    `iat` with `clock_skew` milliseconds of leeway. All that costs little is checked before the signature.
    Verified tokens are cached until they expire.
    """

    def __init__(
        self,
        issuers: Iterable[Issuer],
        apps: Apps,
        clock: Clock,
        *,
        max_bytes: int = 16 * 1024,
        clock_skew: int = 10_000,
        cache_size: int = TOKEN_CACHE_SIZE,
        budget: SignatureBudget | None = None,
    ) -> None:
        """Raises `AccessMisconfigured` where an issuer is declared twice.

        Tokens have at most `max_bytes`; the cache holds `cache_size` of them. By default the budget is that
        of the default settings.
        """
        self._issuers: Final = Issuers(issuers)
        self._apps: Final = apps
        self._clock: Final = clock
        self._max_bytes: Final = max_bytes
        self._clock_skew: Final = clock_skew
        self._cache: Final = TokenCache(cache_size)
        self._budget: Final = budget or SignatureBudget(clock, per_connection=100, in_all=2000)

    def verify(self, token: str, connection: str = "") -> Principal:
        """Return the caller that this token names.

        `connection` is where it came from, which tells whose budget of signatures it takes. Raises
        `Unauthenticated` (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED), and `PermissionDenied` for a good
        token of no declared app (APP_UNKNOWN) or without its role's scope (SCOPE_MISSING). What no trusted
        issuer can have issued raises `TokenUndecodable`, and costs no check of a signature. Raises
        `Unavailable` (ISSUER_UNAVAILABLE) where the issuer's keys are not there yet, and `TooFrequent`.
        """
        self._check_form(token)
        principal = self._cache.get(token, self._clock.now())
        return principal or self._principal(token, connection)

    def _check_form(self, token: str) -> None:
        if not token:
            raise Unauthenticated(Reason.TOKEN_MISSING, "send an access token: authorization: Bearer TOKEN")
        if len(token) > self._max_bytes:
            raise undecodable(
                f"the access token has {len(token)} bytes; at most {self._max_bytes} are allowed"
            )
        if not token.isascii():
            raise undecodable("the access token is no JWT")

    def _principal(self, text: str, connection: str) -> Principal:
        token = SignedToken.decode(text)
        issuer = self._issuer(token.claims)
        check_header(token.header, issuer.token_types)
        keys = _keys(token, issuer)
        expire_time = self._expire_time(token.claims)
        _check_use(token.claims, issuer)
        with self._budget.check(connection):
            key = _check_signature(token, keys)
        principal = self._holder(token.claims, issuer, expire_time)
        self._cache.add(text, principal, key, issuer.keys)
        return principal

    def _issuer(self, claims: Claims) -> Issuer:
        if claims.get("iss") is None:
            raise undecodable("the access token lacks the claim iss")
        issuer = self._issuers.find(claims)
        if issuer is None:
            raise undecodable("the issuer (iss) of the access token is not trusted here")
        return issuer

    def _expire_time(self, claims: Claims) -> int:
        now = self._clock.now()
        for name in ("nbf", "iat"):
            if (time_of(claims, name) or 0) > now + self._clock_skew:
                raise invalid(f"the access token is not valid yet ({name} is in the future)")
        expire_time = time_of(claims, "exp")
        if expire_time is None:
            raise lacking("exp")
        if expire_time <= now:
            raise Unauthenticated(Reason.TOKEN_EXPIRED, "the access token has expired; get a new one")
        return expire_time

    def _holder(self, claims: Claims, issuer: Issuer, expire_time: int) -> Principal:
        client_id = client_id_of(claims, issuer.client_claims)
        app = self._app(issuer, client_id)
        scopes = issuer.mapped(scopes_of(claims, issuer.scope_claims))
        whose = told(claims, issuer, app, client_id, scopes)
        user_id = "" if whose.app_only else _user_id(claims, issuer)
        principal = Principal(
            app_id=app.app_id,
            user_id=user_id,
            scopes=scopes | (issuer.user_scopes if user_id else issuer.app_scopes),
            expire_time=expire_time,
            issuer=issuer.name,
            client_id=client_id,
            told_by=whose.why,
        )
        principal.require(SCOPE_OF_ROLE[principal.role])
        return principal

    def _app(self, issuer: Issuer, client_id: str) -> App:
        app = self._apps.of_client(issuer.name, client_id)
        if app is None:
            names = ", ".join(issuer.client_claims)
            what = "its client id" if client_id else "a token without a client id"
            raise PermissionDenied(
                Reason.APP_UNKNOWN,
                f"no app that takes tokens of this issuer is declared for {what} (claims: {names})",
            )
        return app


def _keys(token: SignedToken, issuer: Issuer) -> list[Key]:
    """Return the keys that may have signed a token, at least one."""
    kid = token.header.get("kid")
    try:
        keys = [key for key in issuer.keys.current() if issuer.key_fits(key, token.header, token.claims)]
        if not keys and kid is not None:
            issuer.keys.look_for(kid)
    except KeysUnavailable as error:
        raise Unavailable(
            Reason.ISSUER_UNAVAILABLE,
            "the keys of the issuer of the access token are not there yet; try again",
            retry_delay=error.retry_delay,
        ) from None
    if not keys:
        raise invalid("no key of the issuer has the algorithm (alg) and key id (kid) of the access token")
    return keys


def _check_use(claims: Claims, issuer: Issuer) -> None:
    """Raise `Unauthenticated` unless it is an access token, for this service, and as the issuer's are."""
    check_texts(claims)
    check_claims(claims, id_tokens=issuer.id_tokens)
    if issuer.audiences and not texts_of(claims, issuer.audience_claim).intersection(issuer.audiences):
        raise invalid(f"the access token is for another audience ({issuer.audience_claim})")
    for name, expected in issuer.required_claims.items():
        if not has(claims, name, expected):
            raise invalid(f"the claim {name} of the access token is not as this issuer's has to be")


def _check_signature(token: SignedToken, keys: Sequence[Key]) -> Key:
    for key in keys[:KEYS_TRIED_MAX]:
        if key.verifies(token.signing_input, token.signature):
            return key
    raise invalid("the signature of the access token is wrong")


def _user_id(claims: Claims, issuer: Issuer) -> str:
    if not issuer.speaks_for_users:
        raise invalid("the issuer of the access token speaks for no users here (it has no user_claims)")
    return user_id_of(claims, issuer.user_claims, issuer.user_prefix)
