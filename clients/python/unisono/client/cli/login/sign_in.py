"""As what, and for what, a person signs in; and the login that comes of it."""

import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

#: Seconds before the end of an access token from which on it is not used any more: a call takes its time.
MARGIN: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The issuer, the client there, and what its tokens are to be for; empty where the provider decides.

    `audience` is the parameter of some providers, `resource` that of RFC 8707.
    """

    issuer: str
    client_id: str
    scope: str = ""
    audience: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a provider gave. `expires_at` is in seconds since 1970, 0 where it did not say."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: float = 0.0

    @property
    def has_expired(self) -> bool:
        """Whether the access token is good no more."""
        return 0.0 < self.expires_at <= time.time()

    @property
    def is_due(self) -> bool:
        """Whether the access token needs renewal before it is used."""
        return 0.0 < self.expires_at <= time.time() + MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A person who is signed in at a target."""

    target: str
    sign_in: SignIn
    tokens: Tokens

    def to_json(self) -> dict[str, Any]:
        """Return the login as one flat JSON object."""
        return {"target": self.target, **asdict(self.sign_in), **asdict(self.tokens)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Return the login that such an object holds. Raises `ValueError` for any other."""
        return cls(
            target=_checked(value, "target", str),
            sign_in=SignIn(**{part.name: _checked(value, part.name, str) for part in fields(SignIn)}),
            tokens=Tokens(
                access_token=_checked(value, "access_token", str),
                refresh_token=_checked(value, "refresh_token", str),
                expires_at=_checked(value, "expires_at", float),
            ),
        )


def _checked(value: dict[str, Any], name: str, kind: type) -> Any:
    found = value.get(name)
    if not isinstance(found, kind):
        raise ValueError(f"{name} is missing")
    return found
