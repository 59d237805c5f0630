"""A node that trusts an OpenID provider, and a person who has signed in there."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE

from tests.support.provider.endpoints import DEVICE_AUTHORIZATION, JWKS, TOKEN
from tests.support.provider.provider import Provider
from unisono.client import Method, Transport
from unisono.server.app.build import build
from unisono.server.config import Settings
from unisono.v1 import feed_service_pb2 as pb

PHONE, BACKEND = "phone", "mail-backend"
DEVICE_SCOPE, PUBLISHER_SCOPE = "notifications.readwrite", "notifications.send"


@asynccontextmanager
async def trusting(provider: Provider, folder: Path) -> AsyncIterator[str]:
    """Run a node whose only issuer is the provider, and return its address once it has the keys."""
    provider.register(PHONE)
    provider.register(BACKEND, "a secret of the backend", scope=PUBLISHER_SCOPE)
    tables: dict[str, Any] = {
        "apps": [{"app_id": "mail.test", "client_ids": [PHONE, BACKEND]}],
        "issuers": [{"issuer": provider.issuer, "preset": "rfc9068", "audience": "unisono"}],
    }
    node = build(Settings(store=f"sqlite:///{folder}/unisono.db", **tables), None, 1000).node
    port = await node.start("127.0.0.1:0", None)
    try:
        await asyncio.to_thread(provider.until, JWKS)
        yield f"127.0.0.1:{port}"
    finally:
        await node.stop(grace=0)


class Person:
    """Somebody who has signed in, and whose refresh token is good once: each renewal brings the next."""

    def __init__(self, provider: Provider, user_id: str) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        shown = self._post(DEVICE_AUTHORIZATION, scope=DEVICE_SCOPE)
        provider.decide(shown["user_code"], user_id)
        granted = self._post(TOKEN, grant_type=DEVICE_CODE_GRANT_TYPE, device_code=shown["device_code"])
        self._refresh_token = granted["refresh_token"]
        self.renewals = 0

    def token(self) -> str:
        """Return a new access token: a token function of a device."""
        with self._lock:
            told = self._post(TOKEN, grant_type="refresh_token", refresh_token=self._refresh_token)
            self._refresh_token = told["refresh_token"]
            self.renewals += 1
            return str(told["access_token"])

    def _post(self, path: str, **form: str) -> dict[str, Any]:
        with httpx.Client(trust_env=False) as http:
            answer = http.post(f"{self._provider.issuer}{path}", data={"client_id": PHONE, **form})
            told: dict[str, Any] = answer.raise_for_status().json()
            return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A stream that was welcome: with which token, and whether it went on where the device was."""

    token: str
    resumed: bool


class Welcomes:
    """A transport that records the streams that were welcome, by endpoint."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.opened: defaultdict[str, list[Opened]] = defaultdict(list)

    async def unary(self, method: Any, request: Any, *, token: str, timeout: float | None) -> Any:
        return await self.inner.unary(method, request, token=token, timeout=timeout)

    async def stream(
        self, method: Method[Any, Any], request: Any, *, token: str
    ) -> AsyncGenerator[Any, None]:
        async with aclosing(self.inner.stream(method, request, token=token)) as messages:
            async for message in messages:
                if isinstance(message, pb.SubscribeResponse) and message.HasField("welcome"):
                    opened = Opened(token=token, resumed=message.welcome.resumed)
                    self.opened[request.endpoint_id].append(opened)
                yield message

    async def close(self) -> None:
        await self.inner.close()
