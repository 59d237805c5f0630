"""Verifies access tokens: what they are, who issued them, in what time, for which app, and for whom."""

from collections.abc import Iterable
from typing import Final

from unisono.server.clock import Clock
from unisono.server.core.access.apps import Apps
from unisono.server.core.access.certificates import principal_of
from unisono.server.core.access.checks import AFTER_SIGNATURE, BEFORE_SIGNATURE, SIGNATURE, check_form
from unisono.server.core.access.confirmation import check_proof
from unisono.server.core.access.examination import Examination, Rules
from unisono.server.core.access.issuers import Issuer, Issuers
from unisono.server.core.access.principal import Principal
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.token_cache import TokenCache
from unisono.server.model.client_certificate import ClientCertificate

TOKEN_CACHE_SIZE: Final = 10_000


class TokenVerifier:
    """Verifies JWTs (RFC 7519) of the declared issuers, for the declared apps.

    The keys and algorithms come from the issuer's declaration alone: headers that carry or name keys
    (`jwk`, `jku`, `x5c`, `x5u`) are ignored. Times are checked against `clock`: `exp` strictly, `nbf` and
    `iat` with `clock_skew` milliseconds of leeway. All that costs little is checked before the signature.
    Verified tokens are cached until they expire; the certificate that one is bound to is looked at each time.
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
        client_certificates: bool = False,
    ) -> None:
        """Raises `AccessMisconfigured` where an issuer is declared twice.

        Tokens have at most `max_bytes`; the cache holds `cache_size` of them. By default the budget is that
        of the default settings. Without `client_certificates` no token that is bound to one is accepted.
        """
        self._rules: Final = Rules(
            issuers=Issuers(issuers),
            apps=apps,
            max_bytes=max_bytes,
            clock_skew=clock_skew,
            client_certificates=client_certificates,
        )
        self._clock: Final = clock
        self._cache: Final = TokenCache(cache_size)
        self._budget: Final = budget or SignatureBudget(clock, per_connection=100, in_all=2000)

    def verify(
        self, token: str, connection: str = "", certificate: ClientCertificate | None = None
    ) -> Principal:
        """Return the caller that this token names.

        `connection` is where it came from, which tells whose budget of signatures it takes, and `certificate`
        what the client has shown there. Raises `Unauthenticated` (TOKEN_MISSING, TOKEN_INVALID,
        TOKEN_EXPIRED), and `PermissionDenied` for a good token of no declared app (APP_UNKNOWN) or without
        its role's scope (SCOPE_MISSING). What no trusted issuer can have issued raises `TokenUndecodable`,
        and costs no check of a signature. Raises `Unavailable` (ISSUER_UNAVAILABLE) where the issuer's keys
        are not there yet, and `TooFrequent`.
        """
        check_form(token, self._rules.max_bytes)
        now = self._clock.now()
        principal = self._cache.get(token, now)
        if principal is None:
            return self._checked(token, connection, certificate)
        check_proof(principal.bound_to, certificate, now)
        return principal

    @property
    def budget(self) -> SignatureBudget:
        """What bounds the checks of signatures that are in vain."""
        return self._budget

    def verify_certificate(self, certificate: ClientCertificate) -> Principal | None:
        """Return the caller whom a certificate names that comes without a token; see `principal_of`."""
        return principal_of(certificate, self._rules.apps, self._clock.now())

    def examine(self, token: str) -> Examination:
        """Return a token as it is before the first check, for who wants to see what each of them finds."""
        return Examination(token, self._rules, self._clock.now())

    def _checked(self, token: str, connection: str, certificate: ClientCertificate | None) -> Principal:
        seen = self.examine(token)
        for check in BEFORE_SIGNATURE:
            check.run(seen)
        check_proof(seen.bound_to, certificate, seen.now)
        # Also one with a right signature counts where it is refused: it is not remembered, and may return.
        with self._budget.check(connection):
            SIGNATURE.run(seen)
            for check in AFTER_SIGNATURE:
                check.run(seen)
                if seen.is_decided:
                    break
        self._cache.add(token, seen.principal, seen.key, seen.issuer.keys)
        return seen.principal
