"""The ways to a token that a provider has, on top of those of Authlib."""

import time
from typing import Any, Final

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict
from authlib.oidc.core import OpenIDCode, UserInfo

from tests.support.provider.authorization import AuthorizationServer
from tests.support.provider.records import Client, Code, RefreshToken, User

_METHODS: Final = ["client_secret_basic", "client_secret_post", "none"]


def register_grants(server: AuthorizationServer) -> None:
    """Give the server all grants and endpoints."""
    id_tokens = IdTokens(server)
    server.register_grant(ClientCredentials)
    server.register_grant(AuthorizationCode, [CodeChallenge(required=True), id_tokens])
    server.register_grant(DeviceCode, [id_tokens])
    server.register_grant(Refresh)
    server.register_endpoint(DeviceAuthorization(server))  # type: ignore[arg-type]  # as Authlib documents
    server.register_endpoint(Revocation)


class ClientCredentials(grants.ClientCredentialsGrant):
    """An app's own token."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS


class AuthorizationCode(grants.AuthorizationCodeGrant):
    """A token of a user who signed in with a browser."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    server: AuthorizationServer

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        assert request.client is not None
        assert isinstance(request.user, User)
        form = request.form
        self.server.records.codes[code] = Code(
            code=code,
            client_id=request.client.get_client_id(),
            user=request.user,
            redirect_uri=form.get("redirect_uri"),
            scope=request.scope,
            nonce=form.get("nonce"),
            code_challenge=form.get("code_challenge"),
            code_challenge_method=form.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        found = self.server.records.codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.server.records.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> User:
        return authorization_code.user


class DeviceAuthorization(DeviceAuthorizationEndpoint):
    """Where a device gets its codes: RFC 8628, section 3.1."""

    server: AuthorizationServer

    def __call__(self, request: OAuth2Request) -> Any:
        self.EXPIRES_IN = self.server.settings.device_lifetime
        self.INTERVAL = self.server.settings.interval
        return super().__call__(request)  # type: ignore[no-untyped-call]  # so are the stubs of Authlib

    def get_verification_uri(self) -> str:
        return f"{self.server.issuer}/device"

    def save_device_credential(self, client_id: str, scope: str | None, data: dict[str, Any]) -> None:
        expires_at = time.time() + data["expires_in"]
        self.server.records.devices[data["device_code"]] = DeviceCredentialDict(
            client_id=client_id, scope=scope, expires_at=expires_at, **data
        )


class DeviceCode(DeviceCodeGrant):
    """A token of a user who approved of a device: RFC 8628, section 3.4."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    server: AuthorizationServer

    def query_device_credential(self, device_code: str) -> DeviceCredentialDict | None:
        return self.server.records.devices.get(device_code)

    def query_user_grant(self, user_code: str) -> tuple[User, bool] | None:
        return self.server.records.decisions.get(user_code)

    def should_slow_down(self, credential: DeviceCredentialDict) -> bool:
        now, before = time.monotonic(), credential.get("polled")
        credential["polled"] = now
        return isinstance(before, float) and now - before < self.server.settings.interval


class Refresh(grants.RefreshTokenGrant):
    """A new access token, and with `rotates` a new refresh token, for an old one."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    server: AuthorizationServer

    def issue_token(self, user: User, refresh_token: Any) -> dict[str, str | int]:
        self.INCLUDE_NEW_REFRESH_TOKEN = self.server.settings.rotates
        return super().issue_token(user, refresh_token)

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:  # type: ignore[override]
        """Return what is known of it. One that is spent ends the sign-in: RFC 9700, section 4.14.2."""
        found = self.server.records.refresh_tokens.get(refresh_token)
        if found and found.spent:
            self.server.records.revoke_family(found.family)
            return None
        return found

    def authenticate_user(self, refresh_token: RefreshToken) -> User:
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Any) -> None:
        refresh_token.spent = self.server.settings.rotates


class Revocation(RevocationEndpoint):
    """Where a sign-in is ended: RFC 7009."""

    CLIENT_AUTH_METHODS = _METHODS
    server: AuthorizationServer

    def query_token(self, token_string: str, token_type_hint: str | None) -> RefreshToken | None:
        return self.server.records.refresh_tokens.get(token_string)

    def revoke_token(self, token: RefreshToken, request: OAuth2Request) -> None:
        self.server.records.revoke_family(token.family)


class IdTokens(OpenIDCode):
    """Adds an ID token where the scope `openid` was asked for."""

    def __init__(self, server: AuthorizationServer) -> None:
        super().__init__()
        self._server = server

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return any(code.nonce == nonce for code in self._server.records.codes.values())

    def generate_user_info(self, user: User, scope: str) -> UserInfo:
        return UserInfo(sub=user.user_id)

    def resolve_client_private_key(self, client: Client) -> Any:
        return self._server.keys.key

    def get_client_algorithm(self, client: Client) -> str:
        return self._server.keys.algorithm

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self._server.issuer, "aud": client.client_id}

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": self._server.keys.algorithm, "kid": self._server.keys.key_id}
