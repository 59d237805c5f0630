"""The development key: one secret beside the store, which signs and verifies tokens for trying out."""

import base64
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

import jwt

from unisono.server.core.access.apps import App
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.keys.base import Algorithm, FixedKeys
from unisono.server.keys.formats import SECRET_BYTES_MIN, key_of_secret

ISSUER: Final = "unisono-dev"
AUDIENCE: Final = "unisono"
DEMO: Final = App(app_id="demo", display_name="Demo", client_ids=("demo",))


def key_file(store_file: Path) -> Path:
    """Return the path of the development key of a store."""
    return store_file.with_name(f"{store_file.name}.dev-key")


def secret(store_file: Path) -> str:
    """Return the development key of a store, creating it if missing.

    Raises `AccessMisconfigured` when its folder is missing, the file cannot be used, others may read it, or
    it is damaged.
    """
    file = key_file(store_file)
    if not file.parent.is_dir():
        raise AccessMisconfigured(f"the folder {file.parent} does not exist; make it, or use another store")
    try:
        if not file.exists():
            _make(file)
        return _read(file)
    except OSError as error:
        raise AccessMisconfigured(f"the development key {file} cannot be used: {error.strerror}") from error


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


def _make(file: Path) -> None:
    """Create the key file as a whole or not at all, never replacing one that was created at the same time."""
    descriptor, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as partial:
            partial.write(base64.b64encode(secrets.token_bytes(SECRET_BYTES_MIN)) + b"\n")
        file.hardlink_to(name)
    except FileExistsError:
        return
    finally:
        Path(name).unlink()


def _read(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        raise AccessMisconfigured(f"others may read the development key: run chmod 600 {file}")
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    if len(text) < SECRET_BYTES_MIN:
        raise AccessMisconfigured(f"the development key {file} is damaged; remove it, and a new one is made")
    return text
