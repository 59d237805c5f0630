"""The trusted issuers of tokens: how their tokens name users, clients and scopes, and how they are found."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from unisono.server.core.access.app_tokens import CLIENT_ID, AppOnly
from unisono.server.core.access.claims import Claims, Expected
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.token_type import TYPES
from unisono.server.keys.base import Key, KeySource

CLIENT_CLAIMS: Final = ("azp", "appid", "client_id")
SCOPE_CLAIMS: Final = ("scope", "scp", "roles")

TENANT: Final = "{tenantid}"
"""The placeholder for the tenant in an issuer's name, as Entra ID writes it in its discovery document."""

_TENANT_ID: Final = re.compile("[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A trusted issuer (`iss`), and how its tokens are read.

    `issuer` may have the placeholder `{tenantid}`, for which the claim `tid` stands. `audience_claim` must
    have one of the `audiences`; without audiences it must be a client claim, which is checked in any case. A
    user is `user_prefix` and the values of `user_claims`, joined by ":"; without user claims the issuer
    speaks for no users. All `required_claims` have to be as expected. `scope_map` gives scopes of the issuer
    the names that they have here; each token of a user has the `user_scopes` besides, each of an app the
    `app_scopes`. A token with all of `admin_claim` as expected is an admin's, and nobody else's. Those of the
    key of the commands are `only_admins`', each for the one method that it names.
    """

    issuer: str
    name: str = ""
    audiences: tuple[str, ...]
    audience_claim: str = "aud"
    keys: KeySource
    token_types: frozenset[str] = TYPES
    id_tokens: bool = False
    required_claims: Mapping[str, Expected] = field(default_factory=dict)
    client_claims: tuple[str, ...] = CLIENT_CLAIMS
    user_claims: tuple[str, ...] = ("sub",)
    user_prefix: str = ""
    scope_claims: tuple[str, ...] = SCOPE_CLAIMS
    scope_map: Mapping[str, str] = field(default_factory=dict)
    user_scopes: frozenset[str] = frozenset()
    app_scopes: frozenset[str] = frozenset()
    app_only: AppOnly = AppOnly.NO_USER_CLAIM
    client_subject: str = CLIENT_ID
    app_only_claims: Mapping[str, Expected] = field(default_factory=dict)
    app_only_scope: str = ""
    admin_claim: Mapping[str, Expected] = field(default_factory=dict)
    only_admins: bool = False

    def __post_init__(self) -> None:
        """Raise `AccessMisconfigured` where the declaration lacks something, or contradicts itself."""
        object.__setattr__(self, "name", self.name or self.issuer)
        for problem in self._problems():
            raise AccessMisconfigured(f"the issuer {self.name!r} {problem}")

    @property
    def speaks_for_users(self) -> bool:
        """Whether tokens of users are accepted of it."""
        return bool(self.user_claims)

    @property
    def names_admins(self) -> bool:
        """Whether some tokens of it are an admin's."""
        return self.only_admins or bool(self.admin_claim)

    def mapped(self, scopes: Iterable[str]) -> frozenset[str]:
        """Return the scopes under the names that they have here."""
        return frozenset(self.scope_map.get(scope, scope) for scope in scopes)

    def key_fits(self, key: Key, header: Mapping[str, object], claims: Claims) -> bool:
        """Return whether a token with this header and these claims may have been signed with the key.

        A key may be for one tenant alone, or for any: https://learn.microsoft.com/entra/identity-platform/access-tokens.
        """
        if not key.fits(header.get("alg"), header.get("kid")):
            return False
        return not key.issuer or _of_tenant(key.issuer, claims) == claims.get("iss")

    def _problems(self) -> Iterable[str]:
        """Yield what the declaration lacks, or how it contradicts itself."""
        claims, scope = bool(self.app_only_claims), bool(self.app_only_scope)
        checks = (
            (bool(self.issuer), "has no issuer"),
            (
                bool(self.audiences) or self.audience_claim in self.client_claims,
                f"has no audience, and {self.audience_claim} is no client claim",
            ),
            (bool(self.client_claims), "has no client_claims"),
            (
                self.app_only is not AppOnly.NEVER or self.speaks_for_users,
                "speaks neither for users nor for apps: it has no user_claims",
            ),
            (
                TENANT not in self.issuer or "tid" in self.user_claims or not self.speaks_for_users,
                "is of many tenants, whose users may have equal ids: user_claims must have tid",
            ),
            (CLIENT_ID in self.client_subject, f"has a client_subject without {CLIENT_ID}"),
            (
                (self.app_only is AppOnly.CLAIM) is claims,
                'needs app_only_claims for app_only = "claim", and only for that',
            ),
            (
                (self.app_only is AppOnly.SCOPE) is scope,
                'needs app_only_scope for app_only = "scope", and only for that',
            ),
        )
        return (problem for holds, problem in checks if not holds)


class Issuers:
    """Finds the issuer of a token."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        """Raises `AccessMisconfigured` where an issuer or a name is declared twice."""
        self._exact: dict[str, Issuer] = {}
        self._of_tenants: list[tuple[str, str, Issuer]] = []
        names: set[str] = set()
        for issuer in issuers:
            if issuer.issuer in self._exact or issuer.name in names:
                raise AccessMisconfigured(f"the issuer {issuer.name!r} is declared twice")
            self._exact[issuer.issuer] = issuer
            names.add(issuer.name)
            if TENANT in issuer.issuer:
                head, _, tail = issuer.issuer.partition(TENANT)
                self._of_tenants.append((head, tail, issuer))

    def find(self, claims: Claims) -> Issuer | None:
        """Return the issuer of a token with these claims, None where it is not trusted."""
        iss = claims.get("iss")
        if not isinstance(iss, str) or TENANT in iss:
            return None
        found = self._exact.get(iss)
        if found is None:
            for head, tail, issuer in self._of_tenants:
                if iss.startswith(head) and iss.endswith(tail) and _of_tenant(issuer.issuer, claims) == iss:
                    return issuer
        return found


def _of_tenant(template: str, claims: Claims) -> str:
    """Return the name of an issuer for the tenant of a token; empty where it names none."""
    tenant = claims.get("tid")
    if TENANT not in template:
        return template
    if not isinstance(tenant, str) or not _TENANT_ID.fullmatch(tenant):
        return ""
    return template.replace(TENANT, tenant)
