"""A node with TLS that asks clients for certificates, and clients that show some."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import grpc

from tests.http.authority import Authority
from tests.support import doors
from tests.support.client_authority import ClientAuthority, Shown
from tests.support.nodes import Client, Running, Setup, running
from unisono.server.api.http_server import HttpServer

CLIENTS: Final = ClientAuthority()
"""The authority whose clients it knows."""


class Certified:
    """The node, and its clients. All who show the same certificate share a connection."""

    def __init__(self, node: Running, root: bytes, closing: AsyncExitStack) -> None:
        self.node = node
        self.root = root
        self._closing = closing
        self._channels: dict[Shown | None, grpc.aio.Channel] = {None: node.channel}

    def client(self, shown: Shown | None, token: str | None = None) -> Client:
        """Return a client that shows this certificate, or none, and sends this token, or none."""
        return Client(self.channel(shown), token)

    def channel(self, shown: Shown | None) -> grpc.aio.Channel:
        """Return the channel of those who show this."""
        if shown not in self._channels:
            assert shown is not None
            self._channels[shown] = doors.channel(self.node.target, **shown.options(self.root))
            self._closing.push_async_callback(self._channels[shown].close)
        return self._channels[shown]


@asynccontextmanager
async def certified(folder: Path, setup: Setup) -> AsyncIterator[Certified]:
    """Run a node with these settings on the transport that can ask."""
    authorities = folder / "clients.pem"
    authorities.write_bytes(CLIENTS.pem)
    authority = Authority(folder, authorities)
    setup = replace(
        setup,
        make_server=HttpServer,
        certificate=authority.certificate,
        connection={"root_certificates": authority.root},
    )
    async with running(setup) as node, AsyncExitStack() as closing:
        yield Certified(node, authority.root, closing)
