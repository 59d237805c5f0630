"""A service manager that asks for it is told when the server serves, and when it stops (sd_notify)."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import TESTERS, TIMEOUT, serving
from unisono.client import create_channel


@contextmanager
def manager(name: str) -> Iterator[socket.socket]:
    """A socket that is told, by its name in the file system, or with an @ in the abstract namespace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        told.settimeout(TIMEOUT)
        yield told


@pytest.fixture(params=["file", "abstract"])
def name(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"@unisono-{os.getpid()}-{uuid4()}" if request.param == "abstract" else str(tmp_path / "told")


async def test_it_is_told_when_the_server_serves_and_when_it_stops(name: str, tmp_path: Path) -> None:
    env = {**TESTERS, "NOTIFY_SOCKET": name}
    with manager(name) as told, serving(tmp_path / "unisono.db", env=env) as server:
        # When it is told that the server is ready, then that serves
        assert await asyncio.to_thread(told.recv, 100) == b"READY=1"
        async with create_channel(server.address) as channel:
            await ApiClient(Client(channel, tokens.publisher()), user_id="ada").send()
        # When the server is stopped, then that is told once, before it ends
        server.signal(signal.SIGTERM)
        assert await asyncio.to_thread(told.recv, 100) == b"STOPPING=1"
        assert await asyncio.to_thread(server.ended) == 0
        told.setblocking(False)
        with pytest.raises(BlockingIOError):
            told.recv(100)


def test_a_server_serves_though_nobody_listens_to_it(tmp_path: Path) -> None:
    nobody = str(tmp_path / "nobody")
    with serving(tmp_path / "unisono.db", env={**TESTERS, "NOTIFY_SOCKET": nobody}) as server:
        told = server.until("the service manager was not told")
        assert (told["level"], told["state"]) == ("warning", "READY=1")
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
