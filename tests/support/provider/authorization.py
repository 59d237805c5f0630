"""The authorization server: Authlib's, with what it leaves to whoever uses it."""

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from authlib.oauth2 import AuthorizationServer as AuthlibServer
from authlib.oauth2 import JsonRequest, OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator

from tests.support.provider.answers import Answer, Asked
from tests.support.provider.keys import SigningKeys
from tests.support.provider.records import Client, Records, RefreshToken, User
from tests.support.provider.settings import Claims, Settings


class Request(OAuth2Request):
    """A request as Authlib reads it."""

    def __init__(self, asked: Asked, issuer: str) -> None:
        super().__init__(asked.method, f"{issuer}{asked.path}", headers=asked.headers)
        self._form = dict(asked.form)
        self.payload = BasicOAuth2Payload(self._form)

    @property
    def args(self) -> dict[str, str | None]:
        return {**self._form}

    @property
    def form(self) -> dict[str, str]:
        return self._form


class AuthorizationServer(AuthlibServer):
    """Issues access tokens as RFC 9068 says, unless the settings have another shape for them."""

    def __init__(self, issuer: str, settings: Settings, keys: SigningKeys, records: Records) -> None:
        super().__init__()
        self.issuer = issuer
        self.settings = settings
        self.keys = keys
        self.records = records
        generator = BearerTokenGenerator(self._access_token, _refresh_token, self._lifetime)
        self.register_token_generator("default", generator)

    def access_token(self, client_id: str, user_id: str, scope: str) -> str:
        """Return an access token; one without a user is the client's own."""
        now = int(time.time())
        claims: Claims = {
            "iss": self.issuer,
            "aud": self.settings.audience,
            "sub": user_id or client_id,
            "client_id": client_id,
            "scope": scope,
            "iat": now,
            "exp": now + self.settings.lifetime,
            "jti": secrets.token_urlsafe(12),
        }
        return self.keys.sign(self.settings.shape(claims), self.settings.header)

    def query_client(self, client_id: str) -> Client | None:  # type: ignore[override]  # so it is used
        return self.records.clients.get(client_id)

    def save_token(self, token: dict[str, str | int], request: OAuth2Request) -> None:
        if "refresh_token" not in token or request.client is None or request.user is None:
            return
        text, before = str(token["refresh_token"]), request.refresh_token
        self.records.refresh_tokens[text] = RefreshToken(
            token=text,
            client_id=request.client.get_client_id(),
            user=request.user,
            scope=str(token.get("scope", "")),
            family=before.family if before else text,
        )

    def create_oauth2_request(self, request: Asked | OAuth2Request) -> OAuth2Request:
        return request if isinstance(request, OAuth2Request) else Request(request, self.issuer)

    def create_json_request(self, request: Asked) -> JsonRequest:
        return JsonRequest(request.method, f"{self.issuer}{request.path}", request.headers)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: Any) -> Answer:
        text = json.dumps(body) if isinstance(body, Mapping) else body
        return Answer(status=status, body=text.encode(), headers=tuple(headers))

    def _access_token(self, *, client: ClientMixin, grant_type: str, user: User | None, scope: str) -> str:
        return self.access_token(client.get_client_id(), user.user_id if user else "", scope)

    def _lifetime(self, client: ClientMixin, grant_type: str) -> int:
        return self.settings.lifetime


def _refresh_token(**_: object) -> str:
    return secrets.token_urlsafe(32)
