"""Who asks through a trusted proxy is who the proxies say it is, whatever the client says besides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.http2_client import request
from tests.http.listening import HOST, Served, listening, name_peer
from tests.support.http2.frames import DATA, HEADERS
from unisono.server.api.http.proxies.forwarded import (
    FORWARDED,
    LONGEST_ELEMENT,
    MOST_NODES,
    X_FORWARDED_FOR,
    nodes,
)
from unisono.server.api.http.proxies.trusted import TrustedProxies

X, RFC = X_FORWARDED_FOR.decode(), FORWARDED.decode()

NETWORKS = ("10.0.0.0/8", "2001:db8:1::/48", HOST)


def client(header: str, *values: str) -> str:
    """Return who the headers say asked, and "nobody" where they do not."""
    proxies = TrustedProxies.of(NETWORKS, header=header)
    node = proxies.client([(header.encode(), value.encode("latin-1")) for value in values])
    return "nobody" if node is None else f"{node.address} {node.port}"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["192.0.2.1"], "192.0.2.1 None"),
        (["192.0.2.1:5000"], "192.0.2.1 5000"),
        (["2001:db8::1"], "2001:db8::1 None"),
        (["[2001:db8::1]"], "2001:db8::1 None"),
        (["[2001:db8::1]:5000"], "2001:db8::1 5000"),
        (["::ffff:192.0.2.1"], "192.0.2.1 None"),
        (["192.0.2.9, 192.0.2.1"], "192.0.2.1 None"),
        (["192.0.2.9", "192.0.2.1"], "192.0.2.1 None"),
        (["192.0.2.1, 10.0.0.1,\t2001:db8:1::1 "], "192.0.2.1 None"),
        (["192.0.2.1", "10.0.0.1"], "192.0.2.1 None"),
        (["unknown, 192.0.2.1, 10.0.0.1"], "192.0.2.1 None"),
        (["10.0.0.2, 10.0.0.1"], "10.0.0.2 None"),
        (["192.0.2.1, unknown, 10.0.0.1"], "nobody"),
        (["192.0.2.1, "], "nobody"),
        (["192.0.2.1, _hidden"], "nobody"),
        (["192.0.2.1, 192.0.2.256"], "nobody"),
        (["192.0.2.1, 192.0.2.1:65536"], "nobody"),
        (["192.0.2.1, 192.0.2.1:"], "nobody"),
        (["192.0.2.1, fe80::1%eth0"], "nobody"),
        (["192.0.2.1, 2001:db8:::1"], "nobody"),
        (['192.0.2.1, "192.0.2.2"'], "nobody"),
        (["192.0.2.1, [192.0.2.2]"], "nobody"),
        (["192.0.2.1, " + "1" * 5000], "nobody"),
        (["192.0.2.1, \xb2.0.2.1"], "nobody"),
        ([], "nobody"),
        ([""], "nobody"),
    ],
)
def test_x_forwarded_for(values: list[str], expected: str) -> None:
    assert client(X, *values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["for=192.0.2.1"], "192.0.2.1 None"),
        (["For=192.0.2.1;Proto=https"], "192.0.2.1 None"),
        (['proto=https;by="[2001:db8::9]";for="192.0.2.1:5000"'], "192.0.2.1 5000"),
        (['for="[2001:db8::1]:5000"'], "2001:db8::1 5000"),
        (['for="[2001:db8::1]:_port"'], "2001:db8::1 None"),
        (['for="\\192.0.2.1"'], "192.0.2.1 None"),
        (['for=192.0.2.9, for="192.0.2.1" ;host="a,b;for=192.0.2.8"'], "192.0.2.1 None"),
        (['for=192.0.2.1;host="a\\",for=192.0.2.8"'], "192.0.2.1 None"),
        (["for=192.0.2.1", "for=10.0.0.1"], "192.0.2.1 None"),
        (['for="x, for="[2001:db8::1]"'], "2001:db8::1 None"),
        (['for="\\, for="[2001:db8::1]"'], "2001:db8::1 None"),
        (["for=192.0.2.1, for=unknown, for=10.0.0.1"], "nobody"),
        (["for=_hidden"], "nobody"),
        (['for="_hidden:5000"'], "nobody"),
        (["for=192.0.2.1, proto=https"], "nobody"),
        (["for=192.0.2.1;for=192.0.2.2"], "nobody"),
        (["for=192.0.2.1 x"], "nobody"),
        (["for = 192.0.2.1"], "nobody"),
        (["xfor=192.0.2.1"], "nobody"),
        (['for="192.0.2.1'], "nobody"),
        (["192.0.2.1"], "nobody"),
        (["for=192.0.2.1;" + "x" * LONGEST_ELEMENT], "nobody"),
        (["for=192.0.2.1,x=" + '"' + "," * LONGEST_ELEMENT + '"'], "nobody"),
        ([], "nobody"),
        ([""], "nobody"),
    ],
)
def test_forwarded(values: list[str], expected: str) -> None:
    assert client(RFC, *values) == expected


WRITTEN = st.text(st.characters(min_codepoint=32, max_codepoint=255)) | st.text('",;\\= \tfor.1[]:')


@pytest.mark.parametrize(
    ("header", "added", "expected"),
    [
        (X, "192.0.2.1", "192.0.2.1 None"),
        (X, "192.0.2.1, 10.0.0.1", "192.0.2.1 None"),
        (RFC, "for=192.0.2.1", "192.0.2.1 None"),
        (RFC, 'for="[2001:db8::1]:5000"', "2001:db8::1 5000"),
        (RFC, 'for="192.0.2.1";host="a\\"b", for="10.0.0.1"', "192.0.2.1 None"),
    ],
)
@given(written=WRITTEN)
def test_what_a_client_writes_does_not_matter(header: str, added: str, expected: str, written: str) -> None:
    assert client(header, f"{written}, {added}") == expected
    assert client(header, written, added) == expected


@given(written=WRITTEN)
def test_whatever_is_written_has_a_client_or_none(written: str) -> None:
    assert client(X, written)
    assert client(RFC, written)


@pytest.mark.parametrize(("name", "one"), [(X_FORWARDED_FOR, b"10.0.0.1"), (FORWARDED, b"for=10.0.0.1")])
def test_a_number_of_proxies_is_told_apart(name: bytes, one: bytes) -> None:
    found = list(nodes(name, b",".join([one] * (MOST_NODES + 5))))
    assert len(found) == MOST_NODES
    assert None not in found


async def asked(served: Served, *headers: tuple[str, str]) -> list[str]:
    """Ask once for each header on one connection by HTTP/2, and return the names that are answered."""
    found = []
    client = await served.connect()
    for number, (name, value) in enumerate(headers):
        client.say(request(2 * number + 1, headers=[(name.encode(), value.encode())]))
        await client.until(HEADERS, 2 * number + 1)
        found.append((await client.until(DATA, 2 * number + 1)).payload.decode())
    return found


async def test_each_request_has_its_own_client() -> None:
    async with listening(name_peer, proxies=TrustedProxies.of(NETWORKS, header=X)) as served:
        assert await asked(served, (X, "192.0.2.1"), (X, "[2001:db8::1]:5000"), (X, "2001:db8::2")) == [
            "ipv4:192.0.2.1",
            "ipv6:[2001:db8::1]:5000",
            "ipv6:[2001:db8::2]",
        ]


async def test_a_proxy_that_names_nobody_is_the_client() -> None:
    async with listening(name_peer, proxies=TrustedProxies.of(NETWORKS, header=X)) as served:
        names = await asked(served, (X, "unknown"), (RFC, "for=192.0.2.1"), ("x-real-ip", "192.0.2.1"))
        assert len(set(names)) == 1
        assert names[0].startswith(f"ipv4:{HOST}:")


@pytest.mark.parametrize(
    "proxies",
    [
        TrustedProxies(),
        TrustedProxies.of(["10.0.0.0/8", "unix"], header=X),
        TrustedProxies.of(["10.0.0.0/8"], header=X, proxy_protocol=True),
    ],
)
async def test_nobody_else_says_who_asks(proxies: TrustedProxies) -> None:
    async with listening(name_peer, proxies=proxies) as served:
        (name,) = await asked(served, (X, "192.0.2.1"))
        assert name.startswith(f"ipv4:{HOST}:")


async def test_the_header_of_a_proxy_counts_by_http1() -> None:
    async with listening(name_peer, proxies=TrustedProxies.of(NETWORKS, header=RFC)) as served:
        reader, writer = await served.open()
        writer.write(b"GET / HTTP/1.0\r\nX-Forwarded-For: 192.0.2.9\r\nForwarded: for=192.0.2.1\r\n\r\n")
        assert (await reader.read()).endswith(b"ipv4:192.0.2.1")


@pytest.mark.parametrize("named", ["TCP4 10.0.0.9 10.0.0.1 5000 443", "UNKNOWN"])
async def test_with_the_proxy_protocol_headers_do_not_count(named: str) -> None:
    proxies = TrustedProxies.of(NETWORKS, header=X, proxy_protocol=True)
    async with listening(name_peer, proxies=proxies) as served:
        reader, writer = await served.open()
        writer.write(f"PROXY {named}\r\n".encode())
        writer.write(b"GET / HTTP/1.0\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n")
        assert b"192.0.2.9" not in await reader.read()
