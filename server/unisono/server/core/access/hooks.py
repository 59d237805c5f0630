"""The declared hooks: who may send to one user of one app without a token, and with what secret."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.principal import Principal, Scope
from unisono.server.model import LARGEST_INTEGER


class HookSource(StrEnum):
    """What kind of sender a hook is for: it says how what comes is read."""

    GITHUB = "github"
    GRAFANA = "grafana"
    ALERTMANAGER = "alertmanager"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """Who has the secret of a hook sends to the user `user_id` of the app `app_id`, and does nothing else.

    `secret_hash` is the SHA-256 of the secret. Where the `secret` itself is not known, nothing can be signed
    with it. `fields` says where a source of plain JSON has what, by paths; see `api.hooks.sources.plain`.
    """

    hook_id: str
    app_id: str
    user_id: str
    source: HookSource
    secret_hash: bytes = field(repr=False)
    secret: bytes | None = field(default=None, repr=False)
    fields: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def principal(self) -> Principal:
        """The caller: a publisher of the app, without an end."""
        return Principal(
            app_id=self.app_id,
            scopes=frozenset((Scope.SEND,)),
            expire_time=LARGEST_INTEGER,
            client_id=f"hook:{self.hook_id}",
            told_by="it is the secret of a hook",
            named_by="hook",
        )

    def has_secret(self, shown: bytes) -> bool:
        """Return whether this is the secret, in a time that does not depend on either."""
        return hmac.compare_digest(hashlib.sha256(shown).digest(), self.secret_hash)

    def has_signed(self, message: bytes, signature: bytes, *, prefix: bytes = b"") -> bool:
        """Return whether this is the HMAC-SHA256 of prefix and message, in a time that tells nothing else."""
        code = hmac.new(self.secret or _NOBODY, prefix, hashlib.sha256)
        code.update(message)
        return hmac.compare_digest(code.digest(), signature) and self.secret is not None


#: What nobody knows: a hook that does not exist takes as long to refuse as one that does.
_NOBODY: Final = secrets.token_bytes(32)


class HookBook:
    """The hooks of a server by their ids, replaced as a whole."""

    def __init__(self, hooks: Iterable[Hook] = ()) -> None:
        """Raises `AccessMisconfigured` as `replace` does."""
        self._hooks: Mapping[str, Hook] = {}
        self.replace(hooks)

    def replace(self, hooks: Iterable[Hook]) -> None:
        """Know these hooks, and no others. Raises `AccessMisconfigured` where two have the same id."""
        known: dict[str, Hook] = {}
        for hook in hooks:
            if known.setdefault(hook.hook_id, hook) is not hook:
                raise AccessMisconfigured(f"the hook {hook.hook_id} is declared twice")
        self._hooks = known

    def get(self, hook_id: str) -> Hook | None:
        """Return the hook with this id, or None."""
        return self._hooks.get(hook_id)

    def __len__(self) -> int:
        """Return how many hooks there are."""
        return len(self._hooks)


UNKNOWN: Final = Hook(
    hook_id="",
    app_id="",
    user_id="",
    source=HookSource.JSON,
    secret_hash=hashlib.sha256(_NOBODY).digest(),
)
"""Stands for each hook that does not exist: nobody has its secret."""
