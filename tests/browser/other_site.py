"""A site of somebody else, whose pages call the service from its own origin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.browser.chromium import Tab
from tests.support.accepting import accepting

_PAGE: Final = b"<!doctype html><title>A site</title>"

_CALL: Final = """
const { url, token, type = "application/json", body = "{}" } = arg;
try {
  const sent = { authorization: `Bearer ${token}`, "content-type": type, "connect-protocol-version": "1" };
  const answer = await fetch(url, { method: "POST", headers: sent, body });
  const text = await answer.text();
  return { status: answer.status, id: answer.headers.get("x-request-id"), text };
} catch (error) {
  return { error: String(error) };
}
"""


class Site:
    """A site on this machine; `origin` is how a browser names its pages."""

    def __init__(self, port: int) -> None:
        self.port: Final = port
        self.origin: Final = f"http://app.example:{port}"

    async def visit(self, tab: Tab) -> Tab:
        """Open its page in a tab."""
        assert await tab.goto(f"{self.origin}/") == 200
        return tab


async def called(tab: Tab, url: str, token: str, **more: object) -> dict[str, object]:
    """Have the page in a tab call, and return what it gets to see of the answer, or the `error`."""
    answer: dict[str, object] = await tab.inside(_CALL, {"url": url, "token": token, **more})
    return answer


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Serve a site inside the context."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        )
        writer.write(head % len(_PAGE) + _PAGE)
        await writer.drain()
        writer.close()

    async with accepting(answer) as port:
        yield Site(port)
