"""From an access token to the principal: signature, issuer, audience, times, app, user, scopes."""

from collections.abc import Iterable
from typing import Any, Final

import jwt

from unisono.server.clock import Clock
from unisono.server.core.access.apps import Apps
from unisono.server.core.access.claims import (
    Claims,
    client_id_of,
    invalid,
    scopes_of,
    time_of,
    user_id_of,
)
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.keys import Key
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.principal import SCOPE_OF_ROLE, Principal
from unisono.server.core.access.remembered import RememberedTokens
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated

_JWT: Final = jwt.PyJWT()

TOKENS_REMEMBERED: Final = 10_000

UNREADABLE: Final = (jwt.PyJWTError, ValueError, TypeError, RecursionError)
"""What a hostile token can make the decoder raise."""


class TokenVerifier:
    """Verifies JWTs (RFC 7519) of the declared issuers, for the declared apps.

    The keys and algorithms come from the issuer's declaration alone: headers that carry or name keys
    (`jwk`, `jku`, `x5c`, `x5u`) are ignored. Times are checked against `clock`: `exp` strictly, `nbf` and
    `iat` with `clock_skew` milliseconds of leeway. What was verified is remembered until it expires.
    """

    def __init__(
        self,
        issuers: Iterable[Issuer],
        apps: Apps,
        clock: Clock,
        *,
        max_bytes: int = 16 * 1024,
        clock_skew: int = 10_000,
        remember: int = TOKENS_REMEMBERED,
    ) -> None:
        """Raises `AccessMisconfigured` where an issuer is declared twice."""
        self._issuers: dict[str, Issuer] = {}
        for issuer in issuers:
            if self._issuers.setdefault(issuer.issuer, issuer) is not issuer:
                raise AccessMisconfigured(f"the issuer {issuer.issuer!r} is declared twice")
        self._apps: Final = apps
        self._clock: Final = clock
        self._max_bytes: Final = max_bytes
        self._clock_skew: Final = clock_skew
        self._remembered: Final = RememberedTokens(remember)

    def verify(self, token: str) -> Principal:
        """The caller who holds this token.

        Raises `Unauthenticated` (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED), and `PermissionDenied`
        for a good token of no declared app (APP_UNKNOWN) or without its role's scope (SCOPE_MISSING).
        """
        self._check_form(token)
        principal = self._remembered.get(token, self._clock.now())
        if principal is None:
            principal = self._principal(token)
            self._remembered.add(token, principal)
        return principal

    def _check_form(self, token: str) -> None:
        if not token:
            raise Unauthenticated(Reason.TOKEN_MISSING, "send an access token: authorization: Bearer TOKEN")
        if len(token) > self._max_bytes:
            raise invalid(f"the access token has {len(token)} bytes; at most {self._max_bytes} are allowed")
        if not token.isascii():
            raise invalid("the access token is no JWT")

    def _principal(self, token: str) -> Principal:
        issuer, keys = self._signers(token)
        claims = _verified(token, issuer, keys)
        expire_time = self._expire_time(claims)
        user_id = user_id_of(claims, issuer)
        app_id = self._app_id(claims)
        principal = Principal(
            app_id=app_id, user_id=user_id, scopes=scopes_of(claims), expire_time=expire_time
        )
        principal.require(SCOPE_OF_ROLE[principal.role])
        return principal

    def _signers(self, token: str) -> tuple[Issuer, list[Key]]:
        try:
            unverified = _JWT.decode_complete(token, options={"verify_signature": False})
        except UNREADABLE:
            raise invalid("the access token is no JWT") from None
        header, iss = unverified["header"], unverified["payload"].get("iss")
        if iss is None:
            raise invalid("the access token lacks the claim iss")
        issuer = self._issuers.get(iss) if isinstance(iss, str) else None
        if issuer is None:
            raise invalid("the issuer (iss) of the access token is not trusted here")
        keys = issuer.keys_for(header.get("alg"), header.get("kid"))
        if not keys:
            raise invalid("no key of the issuer has the algorithm (alg) and key id (kid) of the access token")
        return issuer, keys

    def _expire_time(self, claims: Claims) -> int:
        now = self._clock.now()
        for name in ("nbf", "iat"):
            if (time_of(claims, name) or 0) > now + self._clock_skew:
                raise invalid(f"the access token is not valid yet ({name} is in the future)")
        expire_time = time_of(claims, "exp") or 0
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


def _verified(token: str, issuer: Issuer, keys: list[Key]) -> Claims:
    """The claims, if one of the keys signed them."""
    for key in keys:
        try:
            return _decoded(token, issuer, key)
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidAudienceError:
            raise invalid("the access token is for another audience (aud)") from None
        except jwt.MissingRequiredClaimError as error:
            raise invalid(f"the access token lacks the claim {error.claim}") from None
        except UNREADABLE:
            raise invalid("the access token or one of its claims is malformed") from None
    raise invalid("the signature of the access token is wrong")


def _decoded(token: str, issuer: Issuer, key: Key) -> dict[str, Any]:
    """The library would take the time from the wall clock: the times are left to the verifier."""
    return _JWT.decode(
        token,
        key.material,
        algorithms=[key.algorithm],
        audience=issuer.audiences,
        issuer=issuer.issuer,
        options={
            "require": ["exp", "iss", "aud"],
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
        },
    )
