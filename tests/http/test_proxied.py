"""It is known of each request whether a trusted proxy says who sent it, whomever that names."""

from tests.http.http2_client import request
from tests.http.listening import HOST, Served, listening
from tests.http.test_trusted_proxies import ASK, LINE, LOCAL
from tests.support.http2.frames import HEADERS
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.proxies.trusted import TrustedProxies

HERE = (b"x-forwarded-for", b"127.0.0.1")
PROXIED_HERE = b"PROXY TCP4 127.0.0.1 127.0.0.1 5000 443\r\n"


class Door:
    """A server that answers with nothing, and keeps of each request whether it was proxied."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    async def handle(self, exchange: Exchange) -> None:
        self.seen.append(exchange.is_proxied)
        exchange.respond(200, (), end=True)

    async def ask(self, served: Served, *headers: tuple[bytes, bytes]) -> bool:
        """Return what it knows of who sends these headers, by either version alike."""
        client = await served.connect()
        client.say(request(1, headers=headers))
        await client.until(HEADERS, 1)
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        http1 = await self.said(served, b"GET / HTTP/1.0\r\n%s\r\n" % lines)
        assert self.seen[-2:] == [http1] * 2
        return http1

    async def said(self, served: Served, text: bytes) -> bool:
        reader, writer = await served.open()
        writer.write(text)
        await reader.read()
        return self.seen[-1]


async def test_a_proxy_that_names_a_client_in_a_header() -> None:
    door = Door()
    async with listening(door.handle, proxies=TrustedProxies.of([HOST], header="x-forwarded-for")) as served:
        assert await door.ask(served, HERE)
        assert not await door.ask(served)


async def test_a_header_of_somebody_else() -> None:
    door = Door()
    others = TrustedProxies.of(["192.0.2.0/24"], header="x-forwarded-for")
    async with listening(door.handle, proxies=others) as served:
        assert not await door.ask(served, HERE)


async def test_a_proxy_that_names_a_client_before_all_else() -> None:
    door = Door()
    async with listening(door.handle, proxies=TrustedProxies.of([HOST], proxy_protocol=True)) as served:
        assert await door.said(served, LINE + ASK)
        assert await door.said(served, PROXIED_HERE + ASK)
        assert not await door.said(served, LOCAL + ASK)
