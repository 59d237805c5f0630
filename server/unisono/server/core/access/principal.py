"""The caller, as a verified access token or client certificate names it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from unisono.server.errors import PermissionDenied, Reason


class Role(StrEnum):
    """The role of a caller: a backend that acts for an app, a device that acts for one of its users, or an
    admin, who acts for neither and asks about the service itself.
    """

    PUBLISHER = "publisher"
    DEVICE = "device"
    ADMIN = "admin"

    @property
    def with_article(self) -> str:
        """The role in words, such as "a device"."""
        return f"an {self}" if self is Role.ADMIN else f"a {self}"


class Scope(StrEnum):
    """The scopes that the service knows; a token may carry others."""

    SEND = "notifications.send"
    READWRITE = "notifications.readwrite"
    DELETE_FEEDS = "feeds.delete"


SCOPE_OF_ROLE: Final = {Role.PUBLISHER: Scope.SEND, Role.DEVICE: Scope.READWRITE}
"""The scope without which a caller may do nothing in its role; an admin needs none."""


_SHOWN: Final = {
    "token": "access token",
    "certificate": "client certificate",
    "hook": "secret of a hook",
}
_WHOSE: Final = {Role.PUBLISHER: "the app's own", Role.DEVICE: "a user's", Role.ADMIN: "an admin's"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller. `user_id` is empty for the app itself; `expire_time` is in milliseconds since 1970.

    `issuer` is the name of who issued the token, `client_id` for which OAuth client. `told_by` is why it was
    taken for the app's own or for a user's: words that follow "since", with nothing of the token in them.
    Where a certificate stands for a token (`named_by`), `client_id` is the name that its app declares, and
    where the secret of a hook does, "hook:" and its id.
    `bound_to` is the thumbprint of the certificate that the token has to come with, empty for any or none.
    Only an admin has an `admin`, which is who it is for the audit log, and no app. With `only_method` its
    token is good for that one, a full name as `unisono.v1.AdminService/GetStats`, on this machine alone.
    """

    app_id: str
    user_id: str = ""
    admin: str = ""
    only_method: str = ""
    scopes: frozenset[str]
    expire_time: int
    issuer: str = field(default="", compare=False)
    client_id: str = field(default="", compare=False)
    told_by: str = field(default="", compare=False)
    bound_to: str = field(default="", compare=False)
    named_by: Literal["token", "certificate", "hook"] = field(default="token", compare=False)

    @property
    def role(self) -> Role:
        """The role, which follows from whose token it is, never from its scopes."""
        if self.admin:
            return Role.ADMIN
        return Role.DEVICE if self.user_id else Role.PUBLISHER

    @property
    def shown(self) -> str:
        """What it has shown, in words."""
        return _SHOWN[self.named_by]

    @property
    def taken_for(self) -> str:
        """What that was taken for, and why, in words."""
        whose = _WHOSE[self.role]
        return f"it was taken for {whose}, since {self.told_by}" if self.told_by else f"it is {whose}"

    @property
    def names(self) -> Mapping[str, str]:
        """Who it is, by the fields of the audit log."""
        names = {"app": self.app_id, "issuer": self.issuer, "client": self.client_id, "user": self.user_id}
        return {**names, "admin": self.admin} if self.admin else names

    def require(self, scope: str) -> None:
        """Raise `PermissionDenied` (SCOPE_MISSING) unless the caller has the scope."""
        if scope not in self.scopes:
            raise PermissionDenied(
                Reason.SCOPE_MISSING,
                f"a {self.role} {self.named_by} needs the scope {scope} for this ({self.taken_for})",
                {"scope": str(scope)},
                about=self.names,
            )
