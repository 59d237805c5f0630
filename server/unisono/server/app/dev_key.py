"""The development key: one secret beside the store, which signs and verifies tokens for trying out."""

from pathlib import Path
from typing import Final

import jwt

from unisono.server.app.local_secret import LocalSecret
from unisono.server.core.access.apps import App
from unisono.server.core.access.issuers import Issuer
from unisono.server.keys.base import Algorithm, FixedKeys
from unisono.server.keys.formats import key_of_secret

ISSUER: Final = "unisono-dev"
AUDIENCE: Final = "unisono"
DEMO: Final = App(app_id="demo", display_name="Demo", client_ids=("demo",))


def key_file(store_file: Path) -> Path:
    """Return the path of the development key of a store."""
    return store_file.with_name(f"{store_file.name}.dev-key")


def secret(store_file: Path) -> str:
    """Return the development key of a store, creating it if missing.

    Raises `AccessMisconfigured` as `LocalSecret.read_or_make` does.
    """
    return LocalSecret(key_file(store_file), "development key").read_or_make()


def issuer(store_file: Path) -> Issuer:
    """Return the issuer whose tokens the development key verifies, creating the key if missing.

    Raises `AccessMisconfigured` as `secret` does.
    """
    return Issuer(issuer=ISSUER, audiences=(AUDIENCE,), keys=FixedKeys(key_of_secret(secret(store_file))))


def token(key: str, *, client_id: str, user_id: str, scopes: tuple[str, ...], now: int, ttl: int) -> str:
    """Return a signed access token, valid from `now` (ms since 1970) for `ttl` seconds.

    With an empty `user_id` it is a token of the app itself. `key` is what `secret` returns.
    """
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "azp": client_id,
        "scope": " ".join(scopes),
        "iat": now // 1000,
        "exp": now // 1000 + ttl,
    }
    if user_id:
        claims["sub"] = user_id
    return jwt.encode(claims, key, algorithm=Algorithm.HS256)
