"""A node that serves the web, and a client of plain HTTP."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.nodes import Setup, running
from unisono.server.api.http_server import HttpServer

HERE = Path(__file__).parent
_NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of this folder run on the event loop that their module's node runs on."""
    for item in items:
        if item.path.parent == HERE and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@dataclass(frozen=True)
class Web:
    """Calls methods by their short names, such as "FeedService/GetFeed", as a backend or as a user."""

    client: httpx.AsyncClient
    user_id: str

    async def post(self, method: str, body: Any, token: str | None = None, **headers: str) -> httpx.Response:
        """Send JSON, or bytes as they are, as the backend where no token is given."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.client.post(self.path(method), headers=self.headers(token, **headers), **content)

    def headers(self, token: str | None = None, **more: str) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in more.items()}
        return {"authorization": f"Bearer {token or tokens.publisher()}", **given}

    def path(self, method: str) -> str:
        return f"/unisono.v1.{method}"

    @property
    def device(self) -> str:
        """A token of the user."""
        return tokens.device(self.user_id)

    async def send(self, title: str = "Hello") -> httpx.Response:
        body = {"userId": self.user_id, "payload": {"visualContent": {"title": title}}}
        return await self.post("NotificationService/SendNotification", body)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    setup = Setup(path=tmp_path_factory.mktemp("web") / "unisono.db", make_server=HttpServer)
    async with running(setup) as node, httpx.AsyncClient(base_url=f"http://{node.target}") as client:
        yield client


@pytest.fixture
def web(client: httpx.AsyncClient) -> Web:
    """The caller of a user that no other test has."""
    return Web(client, f"user-{next(_NUMBERS)}")
