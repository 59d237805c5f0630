"""Where a listener listens, and what it says where it cannot."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.http.http2_client import Http2Client
from unisono.server.api.address import ListenError
from unisono.server.api.http import sockets
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.listener import Listener
from unisono.server.api.http.peers import peer_name


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with made() as one:
        yield one


@asynccontextmanager
async def made() -> AsyncIterator[Listener]:
    """A listener that answers with the name of the peer."""

    async def name_peer(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(exchange.peer.encode())
        exchange.finish()

    one = Listener(name_peer)
    yield one
    one.drain()
    await one.wait_closed(0)


async def peer_seen(host: str, port: int = 0) -> str:
    """Ask by HTTP/1.1, and return the name that the listener has for this client; `host` may be a path."""
    if host.startswith("/"):
        reader, writer = await asyncio.open_unix_connection(host)
    else:
        reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2].decode()


async def test_listens_on_ipv4(listener: Listener) -> None:
    port = await listener.start("127.0.0.1:0")
    assert (await peer_seen("127.0.0.1", port)).startswith("ipv4:127.0.0.1:")


async def test_listens_on_ipv6(listener: Listener) -> None:
    port = await listener.start("[::1]:0")
    assert (await peer_seen("::1", port)).startswith("ipv6:[::1]:")


async def test_listens_on_both_where_it_listens_everywhere(listener: Listener) -> None:
    port = await listener.start("[::]:0")
    assert (await peer_seen("::1", port)).startswith("ipv6:[::1]:")
    assert (await peer_seen("127.0.0.1", port)).startswith("ipv4:127.0.0.1:")


async def test_listens_on_every_address_of_a_name(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        port = await listener.start("both:0")
    assert (await peer_seen("::1", port)).startswith("ipv6:")
    assert (await peer_seen("127.0.0.1", port)).startswith("ipv4:")


async def test_an_address_of_ipv6_may_be_missing_where_there_is_another(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        port = await listener.start("both:0")
    assert (await peer_seen("127.0.0.1", port)).startswith("ipv4:")


async def test_a_port_has_to_be_free_on_every_address(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(ListenError, match="Address already in use"):
            await listener.start(f"both:{port}")
    with socket.create_server(("127.0.0.1", port)):
        """What was bound has been given up."""


async def test_listens_on_a_path(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    before = os.umask(0o077)
    try:
        assert await listener.start(f"unix:{path}") == 0
    finally:
        os.umask(before)
    assert await peer_seen(str(path)) == "unix:"
    assert path.stat().st_mode & 0o777 == 0o700


async def test_speaks_http2_on_a_path(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    await listener.start(f"unix:{path}")
    client = Http2Client(*await asyncio.open_unix_connection(path))
    client.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    client.ask(1)
    assert (await client.until(0, 1)).payload == b"unix:"
    client.close()


async def test_removes_its_file_in_the_end(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    await listener.start(f"unix:{path}")
    listener.drain()
    assert not path.exists()


async def test_takes_the_place_of_a_server_that_is_gone(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    await listener.start(f"unix:{path}")
    assert await peer_seen(str(path)) == "unix:"


async def test_leaves_the_file_of_a_server_that_took_its_place(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    await listener.start(f"unix:{path}")
    path.unlink()
    async with made() as other:
        # Else the file could have the same inode.
        (tmp_path / "filler").touch()
        await other.start(f"unix:{path}")
        listener.drain()
        assert await peer_seen(str(path)) == "unix:"


async def test_does_not_take_the_path_of_a_server_that_listens(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    await listener.start(f"unix:{path}")
    async with made() as other:
        with pytest.raises(ListenError, match=r"another server listens there.*--listen unix:PATH"):
            await other.start(f"unix:{path}")
    assert await peer_seen(str(path)) == "unix:"


async def test_does_not_remove_a_file_that_is_no_socket(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("mine")
    with pytest.raises(ListenError, match="a file that is no socket"):
        await listener.start(f"unix:{path}")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("path", ["missing/socket", "x" * 200])
async def test_says_why_a_path_is_of_no_use(listener: Listener, tmp_path: Path, path: str) -> None:
    with pytest.raises(ListenError, match=r"cannot listen on unix:.*: .+; choose another path"):
        await listener.start(f"unix:{tmp_path}/{path}")


async def test_says_that_a_port_is_taken(listener: Listener) -> None:
    port = await listener.start("127.0.0.1:0")
    async with made() as other:
        with pytest.raises(ListenError, match="Address already in use; choose another one"):
            await other.start(f"127.0.0.1:{port}")


async def test_says_that_a_name_is_unknown(listener: Listener) -> None:
    with pytest.raises(ListenError, match=r"cannot listen on nowhere\.invalid:0: .+; choose another one"):
        await listener.start("nowhere.invalid:0")


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        (("1.2.3.4", 5), "ipv4:1.2.3.4:5"),
        (("::1", 5, 0, 0), "ipv6:[::1]:5"),
        (("::ffff:1.2.3.4", 5, 0, 0), "ipv4:1.2.3.4:5"),
        (("fe80::1%eth0", 5, 0, 2), "ipv6:[fe80::1%25eth0]:5"),
        ("", "unix:"),
        (None, "unix:"),
    ],
)
def test_names_peers_as_grpc_does(name: object, peer: str) -> None:
    assert peer_name(name) == peer


async def test_says_that_a_port_was_taken_at_the_last_moment(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets may be bound to the same port until one listens."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))

        def bound_late(address: str) -> list[socket.socket]:
            made = sockets.bound(address)
            other.listen()
            return made

        monkeypatch.setattr("unisono.server.api.http.listener.bound", bound_late)
        with pytest.raises(ListenError, match="Address already in use; choose another one"):
            await listener.start(f"127.0.0.1:{other.getsockname()[1]}")
