"""The admin key: a secret beside the store, with which commands on this machine sign what they ask a server.

Whoever may read the store's folder may read it. Its tokens are good for a minute, for one method each, and on
no line from another machine.
"""

from pathlib import Path
from typing import Final

import jwt

from unisono.server.app.local_secret import LocalSecret
from unisono.server.core.access.admins import LONGEST, METHOD
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.keys.base import Algorithm, FixedKeys
from unisono.server.keys.formats import key_of_secret

ISSUER: Final = "unisono-admin-key"
AUDIENCE: Final = "unisono-admin"


def secret_of(store_file: Path) -> LocalSecret:
    """Return where the admin key of a store is."""
    return LocalSecret(store_file.with_name(f"{store_file.name}.admin-key"), "admin key")


def read(store_file: Path) -> str:
    """Return the admin key of a store, of which a server has made it.

    Raises `AccessMisconfigured` as `LocalSecret.read` does, and says what to do where there is none.
    """
    secret = secret_of(store_file)
    if not secret.file.exists():
        raise AccessMisconfigured(
            f"there is no admin key {secret.file}: a server makes it beside its store when it starts; name "
            "the store of the running server with --store or --config"
        )
    return secret.read()


def issuer(store_file: Path) -> Issuer:
    """Return the issuer whose tokens the admin key verifies, creating the key if missing.

    Raises `AccessMisconfigured` as `LocalSecret.read_or_make` does.
    """
    return issuer_of(secret_of(store_file).read_or_make())


def issuer_of(key: str) -> Issuer:
    """Return the issuer whose tokens are signed with this secret."""
    keys = FixedKeys(key_of_secret(key))
    return Issuer(issuer=ISSUER, audiences=(AUDIENCE,), keys=keys, user_claims=(), only_admins=True)


def token(key: str, *, method: str, now: int) -> str:
    """Return a token for one method, a full name as `unisono.v1.AdminService/GetStats`.

    `key` is the secret, `now` in milliseconds since 1970.
    """
    begin, end = now // 1000, (now + LONGEST) // 1000
    claims = {"iss": ISSUER, "aud": AUDIENCE, METHOD: method, "iat": begin, "exp": end}
    return jwt.encode(claims, key, algorithm=Algorithm.HS256)
