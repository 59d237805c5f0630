"""The caller, as a verified access token tells it. Knows nothing of tokens."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from unisono.server.errors import PermissionDenied, Reason


class Role(StrEnum):
    """What a caller is: a backend acting for an app, or a client acting for one of its users."""

    PUBLISHER = "publisher"
    DEVICE = "device"


class Scope(StrEnum):
    """The scopes that the service knows; a token may carry others."""

    SEND = "notifications.send"
    READWRITE = "notifications.readwrite"


SCOPE_OF_ROLE: Final = {Role.PUBLISHER: Scope.SEND, Role.DEVICE: Scope.READWRITE}
"""Without this scope a caller may do nothing in its role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller. `user_id` is empty for the app itself; `expire_time` is in milliseconds since 1970."""

    app_id: str
    user_id: str = ""
    scopes: frozenset[str]
    expire_time: int

    @property
    def role(self) -> Role:
        """Decided by whose token it is, never by its scopes."""
        return Role.DEVICE if self.user_id else Role.PUBLISHER

    def require(self, scope: str) -> None:
        """Raise `PermissionDenied` (SCOPE_MISSING) unless the token carries the scope."""
        if scope not in self.scopes:
            raise PermissionDenied(
                Reason.SCOPE_MISSING,
                f"a {self.role} token needs the scope {scope} for this",
                {"scope": str(scope)},
            )
