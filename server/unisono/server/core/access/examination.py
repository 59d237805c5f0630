"""A token while it is checked: what the checks found out about it so far, and by which rules they go."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from unisono.server.core.access.app_tokens import Told
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import Issuer, Issuers
from unisono.server.core.access.jws import SignedToken
from unisono.server.core.access.principal import Principal
from unisono.server.keys.base import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Whose tokens are accepted, for which apps, with how many bytes and milliseconds of clock skew.

    `client_certificates` says whether clients are asked for one, which may be what a token is bound to.
    """

    issuers: Issuers
    apps: Apps
    max_bytes: int
    clock_skew: int
    client_certificates: bool = False


@dataclass(slots=True, repr=False, eq=False)
class Examination:
    """A token at a time, in milliseconds since 1970.

    The other fields are findings: each is absent until the check that sets it has come so far, and
    `core.access.checks` says which check needs which. `bound_to` is as in `Principal`.
    """

    text: str
    rules: Rules
    now: int

    token: SignedToken = field(init=False)
    issuer: Issuer = field(init=False)
    keys: Sequence[Key] = field(init=False)
    key: Key = field(init=False)
    expire_time: int = field(init=False)
    bound_to: str = field(init=False, default="")
    client_id: str = field(init=False)
    app: App = field(init=False)
    scopes: frozenset[str] = field(init=False)
    told: Told = field(init=False)
    user_id: str = field(init=False)
    principal: Principal = field(init=False)

    @property
    def is_decided(self) -> bool:
        """Whether it is known whose token it is: there is nothing more to check."""
        return hasattr(self, "principal")
