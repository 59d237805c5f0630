"""Whoever comes too often and does not wait for an answer is held back: begun calls stay for a while.

A connection may have so many streams. While they are held, none of what is begun besides costs a call.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.test_door import Http2Client, headers, wire
from tests.support.api_client import ApiClient
from tests.support.attacks.strangers import PATHS
from tests.support.http2 import frames
from tests.support.http2.call import request_headers
from tests.support.nodes import TRANSPORT, Running, Setup, running
from unisono.server.api import tarpit
from unisono.server.api.tarpit import Tarpit
from unisono.server.core.admission import Admission
from unisono.server.model import Limits

STREAMS = 20
STRANGERS = 10
RESETS = 1_000

#: How long what is held is held: longer than any test takes.
FOR_EVER = 1_000.0


@pytest_asyncio.fixture(loop_scope="module")
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    setup = Setup(
        path=tmp_path / "unisono.db",
        limits=Limits(stranger_calls_per_second=STRANGERS),
        transport=replace(TRANSPORT, streams_per_connection=STREAMS, refusal_delay=FOR_EVER),
    )
    async with running(setup) as node:
        yield node


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The connections of calls without a token, one entry for each call that came to be handled."""
    counted: list[str] = []
    original = Admission.count_stranger

    def stranger(self: Admission, connection: str) -> None:
        counted.append(connection)
        original(self, connection)

    monkeypatch.setattr(Admission, "count_stranger", stranger)
    return counted


async def reset_all(stranger: Http2Client, path: str, streams: Iterable[int]) -> None:
    """Begin calls and reset each at once; and wait until the server has seen them all."""
    block = request_headers(path, "localhost", "")
    for stream_id in streams:
        stranger.send(headers(stream_id, block), frames.given_up(stream_id))
    settings = len(stranger.of(frames.SETTINGS, 0))
    stranger.send(frames.frame(frames.SETTINGS, 0, 0, b""))
    await stranger.until(lambda: len(stranger.of(frames.SETTINGS, 0)) > settings)


@pytest.mark.parametrize("path", PATHS)
async def test_calls_that_are_reset_at_once_use_up_their_streams(
    node: Running, strangers: list[str], path: str
) -> None:
    async with wire(node) as stranger:
        for first in range(1, 2 * RESETS, 2 * STREAMS):
            await reset_all(stranger, path, range(first, first + 2 * STREAMS, 2))
            # What was begun before this call is handled before it.
            await ApiClient(node.user("ada"), endpoint_id="phone").feed()

        assert STRANGERS <= len(strangers) <= STRANGERS + 3 * STREAMS


async def test_a_call_that_is_given_up_is_held_all_the_same() -> None:
    pit = Tarpit(FOR_EVER)
    held = asyncio.create_task(pit.hold())
    await asyncio.sleep(0)

    for _ in range(3):
        held.cancel()
        await asyncio.sleep(0)

    assert not held.done()
    pit.close()
    with pytest.raises(asyncio.CancelledError):
        await held


async def test_a_call_that_waits_is_let_go_in_the_end() -> None:
    await Tarpit(0.001).hold()


async def test_no_more_are_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarpit, "_MAX_HELD", 1)
    pit = Tarpit(FOR_EVER)
    held = asyncio.create_task(pit.hold())
    await asyncio.sleep(0)

    await pit.hold()

    assert not held.done()
    pit.close()
    await held


async def test_a_server_that_stops_holds_nothing_back() -> None:
    pit = Tarpit(FOR_EVER)
    held = asyncio.create_task(pit.hold())
    await asyncio.sleep(0)

    pit.close()

    await held
    await pit.hold()
