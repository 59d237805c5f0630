"""What the kernel is told of a connection."""

import socket
from collections.abc import Iterator

import pytest

from tests.http.listening import echo, full_turn, listening
from unisono.server.api.http.tcp import MOST_UNSENT, prepare, probe
from unisono.server.api.http.timeouts import Timeouts

TIMES = Timeouts(keepalive_time=60, ping_timeout=20)


@pytest.fixture
def connected() -> Iterator[socket.socket]:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as one,
    ):
        yield one


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the platform has no TCP_USER_TIMEOUT")
def test_small_answers_go_at_once_and_who_acknowledges_nothing_is_given_up(connected: socket.socket) -> None:
    prepare(connected, TIMES)
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 80_000


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the platform has no TCP_NOTSENT_LOWAT")
def test_little_is_kept_for_who_takes_nothing(connected: socket.socket) -> None:
    prepare(connected, TIMES)
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == MOST_UNSENT


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="the platform has no TCP_KEEPIDLE")
def test_a_silent_client_is_probed(connected: socket.socket) -> None:
    probe(connected, TIMES)
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 20


async def test_does_without_what_a_platform_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_NOTSENT_LOWAT"):
        monkeypatch.delattr(socket, name, raising=False)
    async with listening(echo) as served:
        await full_turn(served)
