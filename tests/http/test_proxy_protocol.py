"""Headers of the PROXY protocol are taken as HAProxy's proxy-protocol.txt has them, and nothing else is."""

import struct
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.server.api.http.proxies.proxy_protocol import (
    LONGEST_BLOCK,
    LONGEST_LINE,
    SIGNATURE,
    ProxyHeader,
    ProxyHeaderInvalid,
    parsed,
)

PORTS = st.integers(0, 65535)
V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6).filter(lambda address: isinstance(address, IPv6Address) and not address.ipv4_mapped)

LOCAL, PROXY = 0x20, 0x21
TCP4, TCP6, UNIX = 0x11, 0x21, 0x31


def line(text: str) -> bytes:
    return f"PROXY {text}\r\n".encode()


def block(command: int, family: int, body: bytes, length: int | None = None) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(body) if length is None else length) + body


def endpoints(source: IPv4Address | IPv6Address, port: int) -> bytes:
    """The client, and whom it connected to."""
    return source.packed + type(source)(1).packed + struct.pack("!HH", port, 443)


@given(address=V4 | V6, port=PORTS, more=st.binary())
def test_a_line_names_the_client(address: IPv4Address | IPv6Address, port: int, more: bytes) -> None:
    header = line(f"TCP{4 if address.version == 4 else 6} {address} {type(address)(1)} {port} 443")
    expected = ProxyHeader(source=(str(address), port), size=len(header))
    assert parsed(header + more) == expected
    assert all(parsed(header[:size]) is None for size in range(len(header)))


@given(address=V4 | V6, port=PORTS, extensions=st.binary(max_size=300), more=st.binary())
def test_a_block_names_the_client(
    address: IPv4Address | IPv6Address, port: int, extensions: bytes, more: bytes
) -> None:
    family = TCP4 if address.version == 4 else TCP6
    header = block(PROXY, family, endpoints(address, port) + extensions)
    assert parsed(header + more) == ProxyHeader(source=(str(address), port), size=len(header))
    assert all(parsed(header[:size]) is None for size in range(len(header)))


@pytest.mark.parametrize(
    "header",
    [
        line("UNKNOWN"),
        line("UNKNOWN ffff::1 ::1 65535 65535"),
        b"PROXY UNKNOWN " + b"x" * (LONGEST_LINE - 16) + b"\r\n",
        block(LOCAL, 0x00, b""),
        block(LOCAL, TCP4, endpoints(IPv4Address("192.0.2.1"), 5)),
        block(LOCAL, 0xFF, b"whatever"),
        block(PROXY, 0x00, b""),
        block(PROXY, 0x00, b"\x01\x00\x02h2"),
        block(PROXY, 0x12, endpoints(IPv4Address("192.0.2.1"), 5)),
        block(PROXY, 0x22, endpoints(IPv6Address("2001:db8::1"), 5)),
        block(PROXY, UNIX, bytes(216)),
        block(PROXY, 0x32, bytes(216)),
        block(PROXY, 0x00, bytes(LONGEST_BLOCK)),
    ],
)
def test_a_header_may_name_nobody(header: bytes) -> None:
    assert parsed(header) == ProxyHeader(source=None, size=len(header))


@pytest.mark.parametrize(
    "header",
    [
        line("TCP6 ::ffff:192.0.2.1 ::1 5 443"),
        block(PROXY, TCP6, endpoints(IPv6Address("::ffff:c000:201"), 5)),
    ],
)
def test_an_address_of_ipv4_in_one_of_ipv6_is_that_of_ipv4(header: bytes) -> None:
    assert parsed(header) == ProxyHeader(source=("192.0.2.1", 5), size=len(header))


@pytest.mark.parametrize(
    "data",
    [
        b"G",
        b"PROXX",
        b"GET / HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01",
        SIGNATURE[:-1] + b"x",
        line(""),
        line("UNKNOWNS"),
        line("TCP5 192.0.2.1 192.0.2.2 1 2"),
        line("tcp4 192.0.2.1 192.0.2.2 1 2"),
        line("TCP4 192.0.2.1 192.0.2.2 1"),
        line("TCP4 192.0.2.1 192.0.2.2 1 2 3"),
        line("TCP4  192.0.2.1 192.0.2.2 1 2"),
        line("TCP4 192.0.2.1 192.0.2.2 1 65536"),
        line("TCP4 192.0.2.1 192.0.2.2 99999 2"),
        line("TCP4 192.0.2.1 192.0.2.2 01 2"),
        line("TCP4 192.0.2.1 192.0.2.2 -1 2"),
        line("TCP4 192.0.2.256 192.0.2.2 1 2"),
        line("TCP4 192.0.2.01 192.0.2.2 1 2"),
        line("TCP4 192.0.2.1 192.0.2 1 2"),
        line("TCP4 2001:db8::1 ::1 1 2"),
        line("TCP6 192.0.2.1 192.0.2.2 1 2"),
        line("TCP6 ::1 192.0.2.2 1 2"),
        line("TCP6 fe80::1%eth0 ::1 1 2"),
        line("TCP6 2001:db8:::1 ::1 1 2"),
        line("TCP4 192.0.2.1 192.0.2.2 1 2\n"),
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n\r\n",
        b"PROXY UNKNOWN " + b"x" * (LONGEST_LINE - 14),
        b"PROXY UNKNOWN " + b"x" * (LONGEST_LINE - 15) + b"\r\n",
        block(0x10, TCP4, bytes(12)),
        block(0x31, TCP4, bytes(12)),
        block(0x22, TCP4, bytes(12)),
        block(PROXY, 0x10, bytes(216)),
        block(PROXY, 0x13, bytes(216)),
        block(PROXY, 0x41, bytes(LONGEST_BLOCK)),
        block(PROXY, TCP4, bytes(11)),
        block(PROXY, TCP6, bytes(35)),
        block(PROXY, UNIX, bytes(215)),
        block(LOCAL, 0x00, b"", LONGEST_BLOCK + 1),
        block(PROXY, 0x00, b"", 0xFFFF),
    ],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(ProxyHeaderInvalid, match=r"\S"):
        parsed(data)


BEGINNINGS = st.sampled_from((b"", b"PROXY ", b"PROXY TCP4 ", b"PROXY TCP6 ", SIGNATURE, SIGNATURE + b"\x21"))


@given(beginning=BEGINNINGS, rest=st.binary(max_size=400))
def test_whatever_comes_is_a_header_or_waited_for_or_refused(beginning: bytes, rest: bytes) -> None:
    data = beginning + rest
    try:
        header = parsed(data)
    except ProxyHeaderInvalid:
        return
    if header is not None:
        assert header.size <= len(data)
        assert parsed(data[: header.size]) == header


@given(beginning=BEGINNINGS, rest=st.binary(min_size=1, max_size=30))
def test_more_than_the_longest_header_is_never_waited_for(beginning: bytes, rest: bytes) -> None:
    data = beginning + rest * (16 + LONGEST_BLOCK)
    with suppress(ProxyHeaderInvalid):
        assert parsed(data) is not None
