"""How the command reaches a provider: through which proxy, trusting whom, and for how long."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from tests.commands.logins import CLIENT, Person
from tests.support.accepting import HOST, accepting
from tests.support.connect_proxy import tunnelling, without_proxy
from tests.support.provider.endpoints import DISCOVERY
from tests.support.provider.provider import Provider, running
from unisono.client.cli.login import http
from unisono.client.cli.login.errors import NotReached

TARGET = "127.0.0.1:50051"
TIMEOUT = 60.0


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secured(authority: trustme.CA) -> Iterator[Provider]:
    """A provider that serves https."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with running("ES256", tls=tls) as provider:
        provider.register(CLIENT)
        yield provider


def test_the_authorities_of_the_environment_are_trusted(
    secured: Provider, authority: trustme.CA, tmp_path: Path
) -> None:
    person = Person(provider=secured, target=TARGET, state=tmp_path / "state")
    secured.settings.interval = 1
    root = tmp_path / "root.pem"
    root.write_bytes(authority.cert_pem.bytes())
    with person.started("login", *person.client, SSL_CERT_FILE=str(root)) as signing_in:
        signing_in.until("/device?user_code=")
        person.approve()
        assert signing_in.ended() == 0


def test_a_provider_that_is_not_trusted(secured: Provider, tmp_path: Path) -> None:
    person = Person(provider=secured, target=TARGET, state=tmp_path / "state")
    with person.started("login", *person.client) as signing_in:
        assert signing_in.ended() == 1
    error, hint = signing_in.err
    assert "certificate verify failed" in error
    assert hint.startswith("Hint: SSL_CERT_FILE in the environment names")


async def test_other_machines_are_reached_through_the_proxy_of_the_environment(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxy(monkeypatch)
    async with tunnelling(provider.issuer.removeprefix("http://")) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert (await asyncio.to_thread(http.get, f"{provider.issuer}{DISCOVERY}", TIMEOUT)).status == 200
        with pytest.raises(NotReached, match=r"idp\.test"):
            await asyncio.to_thread(http.get, "https://idp.test/", TIMEOUT)
        assert proxy.asked == ["idp.test:443"]


async def test_whoever_answers_bit_by_bit_is_left_in_time() -> None:
    left = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        leaving = asyncio.create_task(reader.read())
        while not leaving.done():
            writer.write(b" ")
            await asyncio.wait([leaving], timeout=0.02)
        writer.close()
        with suppress(ConnectionError):
            await asyncio.gather(leaving, writer.wait_closed())
        left.set()

    async with accepting(drip) as port:
        with pytest.raises(NotReached, match="answers too slowly"):
            await asyncio.to_thread(http.get, f"http://{HOST}:{port}/", 0.3)
        async with asyncio.timeout(TIMEOUT):
            await left.wait()
