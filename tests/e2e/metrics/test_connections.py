"""The metrics tell of connections: who is refused before a token, does not read, or takes no certificate.

They are those of our own transport, on both runs: grpcio tells nothing of its connections.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.test_door import STREAM, data, headers, wire
from tests.api.test_what_http_adds import SUBSCRIBE
from tests.http.authority import Authority
from tests.support.api_client import ApiClient
from tests.support.http2 import frames
from tests.support.http2.frames import DATA, END_STREAM
from tests.support.nodes import TRANSPORT, Setup
from tests.support.scraping import Scrape, Scraped, scraped
from unisono.server.api.grpcio.server import GrpcioServer
from unisono.server.api.http_server import HttpServer

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[Scraped], Awaitable[Opened]]

FEW = replace(TRANSPORT, connections_per_address=3, stranger_requests_per_address=1)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Scraped]:
    setup = Setup(path=tmp_path / "unisono.db", transport=FEW, make_server=HttpServer)
    async with scraped(setup) as served:
        yield served


@pytest_asyncio.fixture
async def encrypted(tmp_path: Path, authority: Authority) -> AsyncIterator[Scraped]:
    setup = Setup(
        path=tmp_path / "unisono.db",
        make_server=HttpServer,
        certificate=authority.certificate,
        connection={"root_certificates": authority.root},
    )
    async with scraped(setup) as served:
        yield served


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens connections, and closes them in the end."""
    writers: list[asyncio.StreamWriter] = []

    async def opened(served: Scraped) -> Opened:
        host, port = served.node.target.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writers.append(writer)
        return reader, writer

    yield opened
    for writer in writers:
        writer.transport.abort()


async def test_connections_that_are_open_and_refused(served: Scraped, connect: Connect) -> None:
    opened = [await connect(served) for _ in range(3)]
    # Which may be before it has seen that it is connected.
    with pytest.raises(ConnectionResetError):
        await (await connect(served))[0].read()

    told = await served.scrape()
    assert told.value("unisono_connections_refused_total", limit="connections_per_address") == 1
    assert told.value("unisono_connections_refused_total", limit="connections") == 0
    assert told.value("unisono_connections_opened_total") == 3
    assert told.value("unisono_open_connections") == 3
    for _, writer in opened:
        writer.close()
    await served.until(lambda told: told.value("unisono_open_connections") == 0)


async def test_strangers_who_have_to_wait(served: Scraped, connect: Connect) -> None:
    for _ in range(3):
        _, writer = await connect(served)
        writer.write(frames.greeting())

    await served.until(lambda told: told.value("unisono_strangers_held_total") >= 1)


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse the certificate of a server, and say so."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    writer.write(outgoing.read())
    incoming.write(await reader.read(65_536))
    with pytest.raises(ssl.SSLCertVerificationError):
        tls.do_handshake()
    writer.write(outgoing.read())
    await reader.read()


async def test_handshakes(encrypted: Scraped, connect: Connect) -> None:
    await ApiClient(encrypted.node.publisher, user_id="ada").send()
    # Somebody who trusts others, somebody who speaks no TLS, and somebody who speaks nonsense
    await refuse(*await connect(encrypted))
    for said in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05nonsense"):
        reader, writer = await connect(encrypted)
        writer.write(said)
        await reader.read()
    # Somebody who leaves amid the handshake
    _, writer = await connect(encrypted)
    writer.write(b"\x16\x03\x01")
    writer.close()

    outcomes = {"ok": 1, "alert": 1, "not_tls": 1, "protocol": 1, "gone": 1, "timeout": 0}

    def are_told(told: Scrape) -> bool:
        return outcomes == {
            outcome: told.value("unisono_tls_handshakes_total", outcome=outcome) for outcome in outcomes
        }

    await encrypted.until(are_told)


async def test_when_the_certificate_expires(encrypted: Scraped, authority: Authority) -> None:
    name = "unisono_tls_certificate_not_after_timestamp_seconds"
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    before = (await encrypted.scrape()).value(name)
    assert before > soon.timestamp()

    # When it is renewed, by one for three days, and somebody connects
    authority.renew(not_after=soon)
    await ApiClient(encrypted.node.publisher, user_id="ada").send()

    assert (await encrypted.scrape()).value(name) == soon.timestamp()


@pytest.mark.parametrize("make_server", [HttpServer, GrpcioServer])
async def test_without_tls_no_certificate_expires(
    tmp_path: Path, make_server: "type[HttpServer | GrpcioServer]"
) -> None:
    async with scraped(Setup(path=tmp_path / "unisono.db", make_server=make_server)) as served:
        told = await served.scrape()
    assert not told.has("unisono_tls_certificate_not_after_timestamp_seconds")
    assert told.has("unisono_open_connections") == (make_server is HttpServer)


async def test_a_device_that_does_not_read(tmp_path: Path) -> None:
    transport = replace(TRANSPORT, stalled_write_timeout=0.2)
    setup = Setup(path=tmp_path / "unisono.db", transport=transport, make_server=HttpServer)
    async with scraped(setup) as served, wire(served.node) as device:
        device.send(headers(1, STREAM), data(1, SUBSCRIBE, END_STREAM))
        await device.until(lambda: device.of(DATA, 1))
        # When more is sent than the window of a device takes that makes no room.
        backend = ApiClient(served.node.publisher, user_id="ada")
        large = {"raw_content": b"x" * 32 * 1024}
        await backend.send_all(*(backend.new(payload=large) for _ in range(5)))
        await device.until(lambda: device.gone(1))

        told = await served.until(
            lambda told: told.value("unisono_streams_ended_total", reason="CLIENT_GONE") == 1
        )
    assert told.value("unisono_connections_timed_out_total", awaited="stream_reader") == 1
    assert told.value("unisono_connections_timed_out_total", awaited="reader") == 0
