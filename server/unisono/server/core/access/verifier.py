"""Verifies access tokens: their form, issuer, signature, audience, times, app, user and scopes."""

from collections.abc import Iterable
from typing import Final

from unisono.server.clock import Clock
from unisono.server.core.access.apps import Apps
from unisono.server.core.access.claims import (
    Claims,
    check_use,
    client_id_of,
    scopes_of,
    time_of,
    user_id_of,
)
from unisono.server.core.access.header import check_header
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.jws import SignedToken
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.principal import SCOPE_OF_ROLE, Principal
from unisono.server.core.access.refused import invalid, lacking, undecodable
from unisono.server.core.access.token_cache import TokenCache
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated

TOKEN_CACHE_SIZE: Final = 10_000


class TokenVerifier:
    """Verifies JWTs (RFC 7519) of the declared issuers, for the declared apps.

    The keys and algorithms come from the issuer's declaration alone: headers that carry or name keys
    (`jwk`, `jku`, `x5c`, `x5u`) are ignored. Times are checked against `clock`: `exp` strictly, `nbf` and
    `iat` with `clock_skew` milliseconds of leeway. Verified tokens are cached until they expire.
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
    ) -> None:
        """Raises `AccessMisconfigured` where an issuer is declared twice.

        Tokens have at most `max_bytes`; the cache holds `cache_size` of them.
        """
        self._issuers: dict[str, Issuer] = {}
        for issuer in issuers:
            if self._issuers.setdefault(issuer.issuer, issuer) is not issuer:
                raise AccessMisconfigured(f"the issuer {issuer.issuer!r} is declared twice")
        self._apps: Final = apps
        self._clock: Final = clock
        self._max_bytes: Final = max_bytes
        self._clock_skew: Final = clock_skew
        self._cache: Final = TokenCache(cache_size)

    def verify(self, token: str) -> Principal:
        """Return the caller that this token names.

        Raises `Unauthenticated` (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED), and `PermissionDenied`
        for a good token of no declared app (APP_UNKNOWN) or without its role's scope (SCOPE_MISSING). What
        no trusted issuer can have issued raises `TokenUndecodable`, and costs no check of a signature.
        """
        self._check_form(token)
        principal = self._cache.get(token, self._clock.now())
        if principal is None:
            principal = self._principal(token)
            self._cache.add(token, principal)
        return principal

    def _check_form(self, token: str) -> None:
        if not token:
            raise Unauthenticated(Reason.TOKEN_MISSING, "send an access token: authorization: Bearer TOKEN")
        if len(token) > self._max_bytes:
            raise undecodable(
                f"the access token has {len(token)} bytes; at most {self._max_bytes} are allowed"
            )
        if not token.isascii():
            raise undecodable("the access token is no JWT")

    def _principal(self, text: str) -> Principal:
        token = SignedToken.decode(text)
        issuer = self._issuer(token.claims)
        check_header(token.header)
        _check_signature(token, issuer)
        check_use(token.claims, issuer.audiences)
        return self._holder(token.claims, issuer)

    def _issuer(self, claims: Claims) -> Issuer:
        iss = claims.get("iss")
        if iss is None:
            raise undecodable("the access token lacks the claim iss")
        issuer = self._issuers.get(iss) if isinstance(iss, str) else None
        if issuer is None:
            raise undecodable("the issuer (iss) of the access token is not trusted here")
        return issuer

    def _holder(self, claims: Claims, issuer: Issuer) -> Principal:
        expire_time = self._expire_time(claims)
        user_id = user_id_of(claims, issuer)
        app_id = self._app_id(claims)
        principal = Principal(
            app_id=app_id, user_id=user_id, scopes=scopes_of(claims), expire_time=expire_time
        )
        principal.require(SCOPE_OF_ROLE[principal.role])
        return principal

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

    def _app_id(self, claims: Claims) -> str:
        app = self._apps.of_client(client_id_of(claims))
        if app is None:
            raise PermissionDenied(
                Reason.APP_UNKNOWN,
                "no app is declared for the client id (azp, appid or client_id) of the access token",
            )
        return app.app_id


def _check_signature(token: SignedToken, issuer: Issuer) -> None:
    keys = issuer.keys_for(token.header["alg"], token.header.get("kid"))
    if not keys:
        raise invalid("no key of the issuer has the algorithm (alg) and key id (kid) of the access token")
    if not any(key.verifies(token.signing_input, token.signature) for key in keys):
        raise invalid("the signature of the access token is wrong")
