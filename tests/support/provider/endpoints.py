"""What a provider answers at which path, and the document in which it says so."""

import threading
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from authlib.oauth2 import OAuth2Error

from tests.support.provider.answers import Answer, Asked, as_html, as_json
from tests.support.provider.authorization import AuthorizationServer
from tests.support.provider.records import GRANTS, User

DISCOVERY: Final = "/.well-known/openid-configuration"
METADATA: Final = "/.well-known/oauth-authorization-server"
JWKS: Final = "/jwks"
AUTHORIZE: Final = "/authorize"
TOKEN: Final = "/token"
DEVICE_AUTHORIZATION: Final = "/device_authorization"
DEVICE: Final = "/device"
REVOKE: Final = "/revoke"

#: What a person sees who signs in, and what a test posts without looking.
_PAGE: Final = """<!doctype html><title>Sign in</title><form method="post">{fields}
<label>Your name <input name="user"></label>
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>
"""


class Endpoints:
    """Answers requests, those that change something one after the other."""

    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._routes: Mapping[tuple[str, str], Callable[[Asked], Answer]] = {
            ("GET", DISCOVERY): lambda _: as_json(self.metadata()),
            ("GET", METADATA): lambda _: as_json(self.metadata()),
            ("GET", JWKS): lambda _: as_json(server.keys.published()),
            ("GET", AUTHORIZE): self._page,
            ("POST", AUTHORIZE): self._authorize,
            ("POST", TOKEN): self._token,
            ("POST", DEVICE_AUTHORIZATION): self._endpoint("device_authorization"),
            ("POST", REVOKE): self._endpoint("revocation"),
            ("GET", DEVICE): self._page,
            ("POST", DEVICE): self._decide,
        }

    def answer(self, asked: Asked) -> Answer:
        """Return the answer to a request, as it is without faults."""
        route = self._routes.get((asked.method, asked.path))
        if route is None:
            return as_html("<h1>There is nothing here</h1>", 404)
        with self._lock:
            return route(asked)

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document: RFC 8414, and OpenID Connect Discovery 1.0."""
        at = self._server.issuer
        whole = {
            "issuer": at,
            "authorization_endpoint": f"{at}{AUTHORIZE}",
            "token_endpoint": f"{at}{TOKEN}",
            "device_authorization_endpoint": f"{at}{DEVICE_AUTHORIZATION}",
            "revocation_endpoint": f"{at}{REVOKE}",
            "jwks_uri": f"{at}{JWKS}",
            "grant_types_supported": list(GRANTS),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self._server.keys.algorithm],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            **self._server.settings.metadata,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def _endpoint(self, name: str) -> Callable[[Asked], Answer]:
        def answer(asked: Asked) -> Answer:
            make = self._server.create_endpoint_response
            return _made(make(name, asked))  # type: ignore[no-untyped-call]  # so are the stubs of Authlib

        return answer

    def _token(self, asked: Asked) -> Answer:
        return _made(self._server.create_token_response(asked))

    def _page(self, asked: Asked) -> Answer:
        fields = (
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in asked.form.items()
        )
        return as_html(_PAGE.format(fields="\n".join(fields)))

    def _authorize(self, asked: Asked) -> Answer:
        """Send the browser of the `user` back with a code, or with the error of who denied."""
        user = User(user_id=asked.form["user"]) if asked.form.get("decision") == "allow" else None
        try:
            grant = self._server.get_consent_grant(asked, user)  # type: ignore[no-untyped-call]
        except OAuth2Error as error:
            return self._server.handle_response(*error())
        return _made(self._server.create_authorization_response(asked, user, grant))

    def _decide(self, asked: Asked) -> Answer:
        """Keep what the `user` decided about the device that shows the `user_code`."""
        code = asked.form.get("user_code", "")
        if self._server.records.device_of(code) is None:
            return as_html("<h1>There is no such code</h1>", 404)
        user = User(user_id=asked.form["user"])
        self._server.records.decisions[code] = user, asked.form.get("decision") == "allow"
        return as_html("<h1>You may close this page</h1>")


def _made(answer: object) -> Answer:
    """Return what `AuthorizationServer.handle_response` made, which Authlib passes on."""
    assert isinstance(answer, Answer)
    return answer
