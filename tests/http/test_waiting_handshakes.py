"""Handshakes wait for their turn, and are bounded meanwhile."""

import asyncio
import threading
from pathlib import Path

import pytest

from tests.http.authority import Authority
from tests.http.handshake_steps import HandshakeSteps
from tests.http.listening import Served, come_true, echo, http1, listening
from tests.http.raw_tls import RawTls
from unisono.server.api.http.tls.opening import LONGEST_HELLO


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


async def silent_client(served: Served, authority: Authority) -> RawTls:
    """Return the first client, whose hello was answered, and which says nothing more."""
    client = RawTls(authority.client(), *await served.open())
    client.forward(client.hello())
    await client.answered()
    assert served.listener.connections == 1
    return client


async def test_no_more_handshakes_than_that_are_under_way(authority: Authority) -> None:
    async with listening(echo, certificate=authority.certificate, handshakes=1) as served:
        silent = await silent_client(served, authority)
        # When another one comes, it waits
        other = asyncio.create_task(http1(served, authority.client()))
        gone = asyncio.create_task(http1(served, authority.client()))
        await come_true(lambda: served.listener.connections == 3)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not other.done()
        gone.cancel()
        await come_true(lambda: served.listener.connections == 2)
        # Until the first one is gone
        silent.abort()
        assert (await other).startswith(b"HTTP/1.1 200 ")


async def test_a_hello_in_pieces_before_it_is_its_turn(authority: Authority) -> None:
    async with listening(echo, certificate=authority.certificate, handshakes=1) as served:
        silent = await silent_client(served, authority)
        reader, writer = await served.open()
        hello = RawTls(authority.client(), reader, writer).hello()
        for byte in hello:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        await come_true(lambda: served.listener.connections == 2)
        silent.abort()
        assert (await reader.readexactly(2)) == b"\x16\x03"


async def test_steps_of_handshakes_end_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a step that takes its time, and another one that waits for it
    authority, begun, go_on = Authority(tmp_path), threading.Event(), threading.Event()
    steps = HandshakeSteps(monkeypatch)

    def be_slow(*_: object) -> None:
        begun.set()
        go_on.wait()

    authority.certificate.context.sni_callback = be_slow
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    async with listening(echo, certificate=authority.certificate) as served:
        for _ in range(2):
            client = RawTls(authority.client(), *await served.open())
            client.forward(client.hello())
            await come_true(begun.is_set)
        await come_true(lambda: steps.taken == 2)
    # When the server has ended before them, then nothing comes of either
    go_on.set()
    await come_true(lambda: not any(thread.name.startswith("tls_") for thread in threading.enumerate()))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not unhandled


async def test_who_says_too_much_before_it_is_its_turn_is_cut_off(authority: Authority) -> None:
    async with listening(echo, certificate=authority.certificate, handshakes=1) as served:
        await silent_client(served, authority)
        reader, writer = await served.open()
        writer.write(b"\x16\x03\x01" + bytes(LONGEST_HELLO))
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
