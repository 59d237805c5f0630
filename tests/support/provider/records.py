"""What a provider knows: clients, users, codes, device codes and refresh tokens, all in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE, DeviceCredentialDict

CALLBACK: Final = "http://127.0.0.1/callback"

GRANTS: Final = (
    "client_credentials",
    "authorization_code",
    "refresh_token",
    DEVICE_CODE_GRANT_TYPE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who has signed in."""

    user_id: str

    def get_user_id(self) -> str:
        return self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(ClientMixin):
    """A client that was registered; without a secret it is a public one.

    `scope` is what its tokens have where it asks for nothing, `grants` how it may ask.
    """

    client_id: str
    secret: str = ""
    scope: str = ""
    grants: Iterable[str] = GRANTS

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return CALLBACK

    def get_allowed_scope(self, scope: object) -> str:
        return str(scope or self.scope)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == CALLBACK

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret) and client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") is (not self.secret)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code of the authorization code flow, which is good once."""

    code: str
    client_id: str
    user: User
    redirect_uri: str | None
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str | None:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> None:
        return None

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass(slots=True, kw_only=True)
class RefreshToken(TokenMixin):
    """A refresh token. All of a `family` come from one sign-in; one that is spent is good no more."""

    token: str
    client_id: str
    user: User
    scope: str
    family: str
    spent: bool = False

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.client_id

    def get_scope(self) -> str:
        return self.scope


@dataclass(slots=True, kw_only=True)
class Records:
    """All of it. `decisions` are those of users about device codes, by user code: who, and whether."""

    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    devices: dict[str, DeviceCredentialDict] = field(default_factory=dict)
    decisions: dict[str, tuple[User, bool]] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)

    def revoke_family(self, family: str) -> None:
        """Make all refresh tokens of one sign-in useless."""
        for token in self.refresh_tokens.values():
            token.spent = token.spent or token.family == family

    def device_of(self, user_code: str) -> dict[str, Any] | None:
        """Return what was given to the device that shows this code."""
        return next((device for device in self.devices.values() if device["user_code"] == user_code), None)
