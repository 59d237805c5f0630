"""Tells an app's own token from that of one of its users, and why it was taken for what it was taken for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from unisono.server.core.access.apps import App
from unisono.server.core.access.claims import Claims, claim, has
from unisono.server.model.value import value

if TYPE_CHECKING:
    from unisono.server.core.access.issuers import Issuer


class AppOnly(StrEnum):
    """How an issuer marks the tokens that are an app's own and no user's.

    - NO_USER_CLAIM: none of the `user_claims` is there.
    - IDTYP: the claim `idtyp` is "app" (Entra ID).
    - SUB_IS_CLIENT_ID: `sub` is the client id (RFC 9068, section 2.2), or what `client_subject` makes of it.
    - PUBLISHER_CLIENTS: the client is one of the app's `publisher_client_ids`.
    - CLAIM: all claims are as in `app_only_claims`.
    - SCOPE: it has the scope `app_only_scope`.
    - NEVER: each is a user's, whatever it says.
    """

    NO_USER_CLAIM = "no_user_claim"
    IDTYP = "idtyp"
    SUB_IS_CLIENT_ID = "sub_is_client_id"
    PUBLISHER_CLIENTS = "publisher_clients"
    CLAIM = "claim"
    SCOPE = "scope"
    NEVER = "never"


CLIENT_ID: Final = "{client_id}"
"""The placeholder for the client id in `client_subject`."""


@value(frozen=True, slots=True)
class Told:
    """Whether a token is an app's own, and why: words that follow "it was taken for ... since"."""

    app_only: bool
    why: str


def told(claims: Claims, issuer: "Issuer", app: App, client_id: str, scopes: frozenset[str]) -> Told:
    """Return whether a token is the app's own. The reason has names of claims and of settings, no values."""
    match issuer.app_only:
        case AppOnly.NO_USER_CLAIM:
            own = all(claim(claims, name) is None for name in issuer.user_claims)
            names = ", ".join(issuer.user_claims) or "for users"
            return Told(own, f"it has {'no claim' if own else 'the claim'} {names}")
        case AppOnly.SUB_IS_CLIENT_ID:
            subject = issuer.client_subject.replace(CLIENT_ID, client_id)
            own = bool(client_id) and claims.get("sub") == subject
            wanted = issuer.client_subject.replace(CLIENT_ID, "its client id")
            return Told(own, f"its sub is {'' if own else 'not '}{wanted}")
        case AppOnly.PUBLISHER_CLIENTS:
            own = client_id in app.publisher_client_ids
            listed = "one" if own else "none"
            return Told(own, f"its client is {listed} of the publisher_client_ids of {app.app_id}")
        case AppOnly.SCOPE:
            own = issuer.app_only_scope in scopes
            return Told(own, f"it has {'the' if own else 'no'} scope {issuer.app_only_scope}")
        case AppOnly.NEVER:
            return Told(False, "all tokens of its issuer are")
        case AppOnly.IDTYP:
            return _by_claims(claims, _IDTYP)
        case AppOnly.CLAIM:
            return _by_claims(claims, issuer.app_only_claims)


_IDTYP: Final = {"idtyp": ("app",)}


def _by_claims(claims: Claims, expected: Mapping[str, bool | tuple[str, ...]]) -> Told:
    for name, wanted in expected.items():
        if not has(claims, name, wanted):
            return Told(False, f"its claim {name} is not {words_of(wanted)}")
    return Told(True, " and ".join(f"its claim {name} is {words_of(w)}" for name, w in expected.items()))


def words_of(expected: bool | tuple[str, ...]) -> str:
    """Return what a claim has to be, in words."""
    match expected:
        case True:
            return "there"
        case False:
            return "absent"
        case _:
            return " or ".join(expected)
