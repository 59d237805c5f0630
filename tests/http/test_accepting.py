"""Clients that come at once are accepted in few rounds of the loop, so that they are served together."""

import asyncio
import socket

import pytest

from tests.http.listening import HOST, echo, listening
from unisono.server.app.event_loop import loop_factory

_CLIENTS = 64


@pytest.mark.parametrize("event_loop", ["auto", "asyncio"])
def test_clients_that_come_at_once_are_accepted_in_few_rounds(event_loop: str) -> None:
    """uvloop accepts one client of a socket in each round."""

    async def rounds() -> int:
        count = 0
        async with listening(echo) as served:
            clients = [socket.create_connection((HOST, served.port)) for _ in range(_CLIENTS)]
            while (accepted := served.listener.connections) < _CLIENTS:
                await asyncio.sleep(0)
                count += served.listener.connections > accepted
            for client in clients:
                client.close()
        return count

    with asyncio.Runner(loop_factory=loop_factory(event_loop)) as runner:
        assert runner.run(rounds()) <= _CLIENTS / 8
