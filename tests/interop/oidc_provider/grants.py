"""The ways in which apps and people get tokens of a provider, over HTTP."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import httpx

from tests.interop.oidc_provider.person import CALLBACK, sign_in
from tests.interop.oidc_provider.process import Provider

BACKEND: Final = "mail-backend"
SECRET: Final = "mail-backend-secret"
PHONE: Final = "mail-phone"

SEND: Final = "notifications.send"
READ: Final = "openid offline_access notifications.readwrite"

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a token endpoint answered; what it did not give is empty."""

    access_token: str
    refresh_token: str = ""
    id_token: str = ""
    expires_in: int = 0
    scope: str = ""
    token_type: str = ""


class Grants:
    """Gets tokens for the clients that the provider knows: a backend, and a phone."""

    def __init__(self, provider: Provider) -> None:
        self._http = provider.http
        self._at = provider.metadata()

    def client_credentials(self, scope: str = SEND) -> Tokens:
        """Return a token that the backend gets for itself."""
        form = {"grant_type": "client_credentials", "scope": scope}
        return self._tokens(form, auth=(BACKEND, SECRET))

    def authorization_code(self, user: str) -> Tokens:
        """Return tokens of a user who signs in with a browser: code flow with PKCE."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe()
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = httpx.URL(self._at["authorization_endpoint"]).copy_merge_params(
            {
                "client_id": PHONE,
                "response_type": "code",
                "redirect_uri": CALLBACK,
                "scope": READ,
                "prompt": "consent",
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        answer = httpx.URL(self._sign_in(str(asked), user)).params
        assert answer.get("state") == state, answer
        form = {"grant_type": "authorization_code", "code": answer["code"], "code_verifier": verifier}
        return self._tokens({**form, "redirect_uri": CALLBACK, "client_id": PHONE})

    def device_code(self, user: str) -> Tokens:
        """Return tokens of a user who signs a device in that has no browser: RFC 8628."""
        asked = self._http.post(
            self._at["device_authorization_endpoint"], data={"client_id": PHONE, "scope": READ}
        ).raise_for_status()
        codes = asked.json()
        form = {"grant_type": DEVICE_CODE, "device_code": codes["device_code"], "client_id": PHONE}
        waiting = self._http.post(self._at["token_endpoint"], data=form)
        assert waiting.json()["error"] == "authorization_pending"
        self._sign_in(codes["verification_uri_complete"], user)
        return self._tokens(form)

    def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens for a refresh token, which is good once."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._tokens({**form, "client_id": PHONE})

    def _sign_in(self, address: str, user: str) -> str:
        with httpx.Client(timeout=self._http.timeout) as browser:
            return sign_in(browser, address, user)

    def _tokens(self, form: dict[str, str], **options: Any) -> Tokens:
        answer = self._http.post(self._at["token_endpoint"], data=form, **options)
        assert answer.status_code == httpx.codes.OK, answer.text
        return Tokens(**answer.json())
