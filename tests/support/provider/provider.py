"""The provider that tests hold: its address, what it signs, what it was asked, and what goes wrong."""

import secrets
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final

from tests.support.provider.answers import LONGEST, Answer, Asked, Fault
from tests.support.provider.authorization import AuthorizationServer
from tests.support.provider.endpoints import METADATA, Endpoints
from tests.support.provider.grants import register_grants
from tests.support.provider.keys import SigningKeys
from tests.support.provider.records import Client, Records, RefreshToken, User
from tests.support.provider.serving import HttpServer
from tests.support.provider.settings import Settings

#: How a logout token says what it is: OpenID Connect Back-Channel Logout 1.0, section 2.4.
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


class Provider:
    """An OpenID provider on 127.0.0.1, whose `issuer` is the address it is served at.

    `asked` are the requests that came, in their order. `stop` makes it refuse connections, `start` serves
    again on the same port.
    """

    def __init__(self, algorithm: str = "RS256", path: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.settings = Settings()
        self.keys = SigningKeys(algorithm)
        self.records = Records()
        self.asked: list[Asked] = []
        self._changed = threading.Condition()
        self._faults: dict[str, tuple[Fault, int]] = {}
        self._port = _hold_port()
        self._path = path
        self._tls = tls
        self.issuer = f"{'https' if tls else 'http'}://127.0.0.1:{self._port.getsockname()[1]}{path}"
        self._server = AuthorizationServer(self.issuer, self.settings, self.keys, self.records)
        register_grants(self._server)
        self._endpoints = Endpoints(self._server)
        self._http: HttpServer | None = None

    def start(self) -> None:
        """Serve, if it does not yet."""
        if self._http is None:
            self._http = HttpServer(self._port.getsockname(), self._answer, self._tls)

    def stop(self) -> None:
        """Serve no more: connections are refused."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self._port.close()

    def register(self, client_id: str, secret: str = "", *, scope: str = "", **more: Any) -> Client:
        """Add a client; one without a secret is public. `scope` is what it gets where it asks for nothing."""
        client = Client(client_id=client_id, secret=secret, scope=scope, **more)
        self.records.clients[client_id] = client
        return client

    def fail(self, path: str, fault: Fault, *, times: int = 1_000_000) -> None:
        """Let the answers at a path be wrong, the next `times` of them."""
        self._faults[path] = fault, times

    def mend(self) -> None:
        """Let all answers be right again."""
        self._faults.clear()

    def rotate(self, algorithm: str = "", *, keep: bool = True) -> str:
        """Sign with a new key, see `SigningKeys.rotate`."""
        return self.keys.rotate(algorithm, keep=keep)

    def access_token(self, client_id: str, user_id: str = "", scope: str = "") -> str:
        """Return an access token as a client would get it; without a user it is the client's own."""
        return self._server.access_token(client_id, user_id, scope)

    def refresh_token(self, client_id: str, user_id: str, scope: str = "") -> str:
        """Return a refresh token as a client would get it after a sign-in."""
        token = secrets.token_urlsafe(32)
        self.records.refresh_tokens[token] = RefreshToken(
            token=token, client_id=client_id, user=User(user_id=user_id), scope=scope, family=token
        )
        return token

    def id_token(self, client_id: str, user_id: str) -> str:
        """Return an ID token as a client would get it."""
        return self.sign({**self._told(client_id, user_id), "auth_time": int(time.time())})

    def logout_token(self, client_id: str, user_id: str) -> str:
        """Return a logout token as the provider would send it to a client."""
        claims = {**self._told(client_id, user_id), "jti": "logout-1", "events": {LOGOUT_EVENT: {}}}
        return self.sign(claims, typ="logout+jwt")

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """Return a JWT of any claims and header, signed by the key in use."""
        return self.keys.sign(claims, header)

    def decide(self, user_code: str, user_id: str, *, allow: bool = True) -> None:
        """Let a user approve of the device that shows this code, or not."""
        assert self.records.device_of(user_code)
        self.records.decisions[user_code] = User(user_id=user_id), allow

    def count(self, path: str) -> int:
        """Return how many requests came for a path."""
        return len(self.requests(path))

    def requests(self, path: str) -> list[Asked]:
        """Return the requests that came for a path, in their order."""
        return [asked for asked in self.asked if asked.path == path]

    def until(self, path: str, count: int = 1) -> None:
        """Wait until this many requests came for a path in all."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.count(path) >= count, LONGEST)

    def _told(self, client_id: str, user_id: str) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.issuer, "sub": user_id, "aud": client_id, "iat": now, "exp": now + 3600}

    def _answer(self, asked: Asked) -> Answer:
        asked = replace(asked, path=self._local(asked.path))
        with self._changed:
            self.asked.append(asked)
            fault, times = self._faults.pop(asked.path, (None, 0))
            if fault is not None and times > 1:
                self._faults[asked.path] = fault, times - 1
            self._changed.notify_all()
        answer = partial(self._endpoints.answer, asked)
        return fault(answer) if fault else answer()

    def _local(self, path: str) -> str:
        """Return a path without that of the issuer, which RFC 8414 appends to its well-known one."""
        return path.removesuffix(self._path) if path.startswith(METADATA) else path.removeprefix(self._path)


def _hold_port() -> socket.socket:
    """Return a socket that keeps a port for this provider, and refuses connections while it is down."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


@contextmanager
def running(
    algorithm: str = "RS256", path: str = "", tls: ssl.SSLContext | None = None
) -> Iterator[Provider]:
    """Run a provider that signs by this algorithm, with an issuer that has this path; by https with `tls`."""
    provider = Provider(algorithm, path, tls)
    provider.start()
    try:
        yield provider
    finally:
        provider.close()
