"""Whom the server of the matrix trusts: issuers with the same clients and users, each for some apps or none.

Two issuers speak for the users of mail.test, so that each has a prefix.
"""

import secrets
from typing import Final

from tests.support import tokens
from tests.support.clocks import START
from unisono.server.app import admin_key
from unisono.server.clock import Clock
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.sharing import with_issuers
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.keys.base import FixedKeys
from unisono.server.keys.formats import key_of_secret

PREFIX: Final = "home:"

HOME: Final = tokens.ISSUER
#: Speaks for users of mail.test as well.
GUESTS: Final = "https://guests.test"
#: Speaks for shop.test alone, and names its users as the first names those of mail.test.
ELSEWHERE: Final = "https://elsewhere.test"
#: Is declared, but no app lists it.
UNLISTED: Final = "https://unlisted.test"
#: Is not declared.
UNDECLARED: Final = "https://undeclared.test"

_PREFIXES: Final = {HOME: PREFIX, GUESTS: "guest:", ELSEWHERE: PREFIX, UNLISTED: PREFIX}

#: By these names in their certificates backends are known.
MAIL_HOST: Final = "mail.backend.internal"
CHAT_HOST: Final = "chat.backend.internal"

_APPS: Final = (
    App(
        app_id="mail.test",
        client_ids=("mail-client",),
        issuers=(HOME, GUESTS),
        client_certificates=(f"dns:{MAIL_HOST}",),
        certificate_scopes=("feeds.delete",),
    ),
    App(
        app_id="chat.test",
        client_ids=("chat-client",),
        issuers=(HOME,),
        client_certificates=(f"dns:{CHAT_HOST}",),
        certificate_scopes=("feeds.delete",),
    ),
    App(app_id="shop.test", client_ids=("mail-client",), issuers=(ELSEWHERE,)),
)

#: What a server keeps beside its store.
ADMIN_KEY: Final = secrets.token_urlsafe(48)

#: More than any test makes.
_MANY: Final = 100_000


def secret_of(issuer: str) -> str:
    """Return the secret that an issuer signs with."""
    return f"{tokens.SECRET} and {issuer}"


def verifier(clock: Clock) -> TokenVerifier:
    """Return a verifier that does not tire of tokens that are refused."""
    issuers = [
        Issuer(
            issuer=issuer,
            audiences=(tokens.AUDIENCE,),
            keys=FixedKeys(key_of_secret(secret_of(issuer))),
            user_prefix=prefix,
            admin_claim=tokens.ADMIN_CLAIM if issuer == HOME else {},
        )
        for issuer, prefix in _PREFIXES.items()
    ]
    issuers.append(admin_key.issuer_of(ADMIN_KEY))
    budget = SignatureBudget(clock, per_connection=_MANY, in_all=_MANY)
    apps = Apps(with_issuers(_APPS, issuers))
    return TokenVerifier(issuers, apps, clock, budget=budget, client_certificates=True)


def device(subject: str, issuer: str = HOME, **changes: object) -> str:
    """Return a token of a user of mail.test, whom the issuer knows as `subject`."""
    return publisher(issuer, **{"sub": subject, "scope": tokens.DEVICE_SCOPES, **changes})


def publisher(issuer: str = HOME, **changes: object) -> str:
    """Return a token of the app mail.test that may delete users, too."""
    claims = tokens.claims(**{"iss": issuer, "scope": tokens.ERASER_SCOPES, **changes})
    return tokens.signed(claims, key=secret_of(issuer))


def admin() -> str:
    """Return a token of an admin, who would be a user of mail.test without the claim for that."""
    return device("root", role="operator")


def of_the_key(method: str) -> str:
    """Return a token that a command signs for a method, with the key beside the store."""
    return admin_key.token(ADMIN_KEY, method=method, now=START)


def subject_of(user_id: str) -> str:
    """Return how the first issuer knows a user."""
    return user_id.removeprefix(PREFIX)
