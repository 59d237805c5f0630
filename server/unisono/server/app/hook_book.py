"""Makes the hooks that settings declare, with their secrets."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from unisono.server.config import HookSettings, Settings
from unisono.server.config.secret_files import accessible_to_all_users, exposed
from unisono.server.core.access.claims import checked_user_id
from unisono.server.core.access.hooks import Hook, HookSource
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.errors import Unauthenticated

SECRET_BYTES: Final = range(16, 1025)
"""How many bytes the secret of a hook may have: fewer could be guessed by who sees something signed."""


def hooks_of(settings: Settings, apps: Collection[str], *, transport: str) -> list[Hook]:
    """Return the declared hooks of a server that has these apps, and serves by this transport.

    Raises `AccessMisconfigured` where one of them cannot be: then there is to be none.
    """
    if settings.hooks and transport != "http":
        raise AccessMisconfigured(
            'hooks need the line transport = "http" beside them, or "auto", and a new start: grpcio serves '
            "gRPC alone"
        )
    return [_hook(declared, apps) for declared in settings.hooks]


def _hook(declared: HookSettings, apps: Collection[str]) -> Hook:
    if declared.app not in apps:
        raise AccessMisconfigured(
            f"the hook {declared.id} is of the app {declared.app}, which is not declared"
        )
    try:
        checked_user_id(declared.user)
    except Unauthenticated as error:
        text = error.message.replace("of the access token", f"of the hook {declared.id}")
        raise AccessMisconfigured(text) from error
    secret = None if declared.secret_file is None else _secret(declared.id, declared.secret_file)
    return Hook(
        hook_id=declared.id,
        app_id=declared.app,
        user_id=declared.user,
        source=HookSource(declared.source),
        secret=secret,
        secret_hash=bytes.fromhex(declared.secret_sha256)
        if secret is None
        else hashlib.sha256(secret).digest(),
        fields=declared.fields,
    )


def _secret(hook_id: str, file: Path) -> bytes:
    """Return the secret in a file, without white space around it."""
    try:
        if accessible_to_all_users(file.stat().st_mode):
            raise AccessMisconfigured(exposed(file, f"the secret of the hook {hook_id}"))
        with file.open("rb") as opened:
            secret = opened.read(2 * SECRET_BYTES.stop).strip()
    except OSError as error:
        text = f"the secret of the hook {hook_id} cannot be read: {file}: {error.strerror}"
        raise AccessMisconfigured(text) from error
    if len(secret) not in SECRET_BYTES:
        raise AccessMisconfigured(
            f"the secret of the hook {hook_id} must have {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1} "
            f"bytes, and has {len(secret)} in {file}"
        )
    return secret
