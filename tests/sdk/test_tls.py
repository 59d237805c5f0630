"""Where client and server do not agree on TLS, a publisher says at once what to do, and a device waits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import grpc
import pytest
import trustme

from tests.sdk.backoffs import IMPATIENT, QUICK
from tests.sdk.device_script import LIVE, TOKEN, laptop, scripted_streams
from tests.support.processes import TIMEOUT
from tests.support.proxies import proxied
from tests.support.stub_server import StubServer, scripted
from unisono.client import Method, Publisher, Status, TlsFailed, Transport, Unavailable, create_transport
from unisono.client._wire.methods import Request, Response

HOST = "127.0.0.1"
#: The certificates of this server, and those of somebody else.
AUTHORITY, OTHER = trustme.CA(), trustme.CA()
ROOT = AUTHORITY.cert_pem.bytes()
DAY = timedelta(days=1)


@asynccontextmanager
async def secured(
    authority: trustme.CA = AUTHORITY, host: str = HOST, *, days: tuple[int, int] = (-1, 1)
) -> AsyncIterator[StubServer]:
    """A server whose certificate is of this authority, for this host, and valid between these days."""
    begin, end = (datetime.now(UTC) + day * DAY for day in days)
    issued = authority.issue_cert(host, not_before=begin, not_after=end)
    pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    async with scripted(credentials=grpc.ssl_server_credentials([pair])) as script:
        yield script


class CountingTransport:
    """Passes on calls, and counts them."""

    def __init__(self, transport: Transport) -> None:
        self.calls = 0
        self._transport = transport
        self.stream = transport.stream
        self.close = transport.close

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        self.calls += 1
        return await self._transport.unary(method, request, token=token, timeout=timeout)


async def problem_of(target: str, root: bytes = ROOT) -> str:
    """The problem of calls to a server, which are made once, and say in plain words what it is."""
    found = set()
    transport = CountingTransport(create_transport(target, root_certificates=root))
    async with Publisher(transport, TOKEN, timeout=TIMEOUT, backoff=QUICK) as publisher:
        for call in (publisher.get_feed("ada"), publisher.send("ada", title="x")):
            with pytest.raises(TlsFailed) as raised:
                await call
            assert "SSL" not in str(raised.value)
            found.add(raised.value.metadata["problem"])
    await transport.close()
    assert transport.calls == 2
    (problem,) = found
    return problem


async def test_an_authority_that_is_not_trusted() -> None:
    async with secured(OTHER) as script:
        assert await problem_of(script.target) == "CERTIFICATE_NOT_TRUSTED"


async def test_a_certificate_of_another_host() -> None:
    async with secured(host="example.com") as script:
        assert await problem_of(script.target) == "CERTIFICATE_OF_ANOTHER_HOST"


async def test_a_certificate_whose_time_is_over() -> None:
    async with secured(days=(-2, -1)) as script:
        assert await problem_of(script.target) == "CERTIFICATE_EXPIRED"


async def test_a_certificate_whose_time_has_not_begun() -> None:
    async with secured(days=(1, 2)) as script:
        assert await problem_of(script.target) == "CERTIFICATE_NOT_YET_VALID"


async def test_a_server_without_tls() -> None:
    async with scripted() as script:
        assert await problem_of(script.target) == "SERVER_WITHOUT_TLS"


async def test_a_server_that_wants_tls_cannot_be_told_from_one_that_hangs_up() -> None:
    async with secured() as script, Publisher(script.target, TOKEN, backoff=IMPATIENT) as publisher:
        with pytest.raises(Unavailable) as raised:
            await publisher.get_feed("ada")
    assert type(raised.value) is Unavailable


async def test_a_device_waits_until_the_certificate_is_a_good_one() -> None:
    async with secured(days=(-2, -1)) as expired, secured() as renewed, proxied(expired.target) as way:
        renewed.stream("Subscribe", scripted_streams(LIVE))
        async with laptop(way.target, root_certificates=ROOT) as device:
            # Given a server whose certificate has expired
            await device.wait_for(lambda device: isinstance(device.error, TlsFailed))
            assert device.status is Status.OFFLINE

            # When that is renewed
            way.server = renewed.target

            # Then the device is there by itself
            await device.wait_for(lambda device: device.status is Status.LIVE)
