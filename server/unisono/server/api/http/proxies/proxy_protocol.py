"""The PROXY protocol, versions 1 and 2: what a proxy says about whose connection it passes on.

By proxy-protocol.txt of HAProxy, sections 2.1 and 2.2. Knows bytes alone, and no socket.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from struct import Struct
from typing import Final, TypeAlias

from unisono.server.api.http.addresses import unmapped

LONGEST_LINE: Final = 107
"""Bytes of a header of version 1, its end included."""

LONGEST_BLOCK: Final = 4096
"""Bytes that follow the first sixteen of version 2: 216 at most are addresses, the rest extensions."""

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
"""How a header of version 2 begins."""

_LINE_BEGINS: Final = b"PROXY "

_UNKNOWN: Final = re.compile(rb"PROXY UNKNOWN( .*)?", re.DOTALL)

_PORT: Final = rb"(0|[1-9][0-9]{0,4})"

_LINE: Final = re.compile(rb"PROXY TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) %s %s" % (_PORT, _PORT))

_START: Final = Struct("!12sBBH")

_LOCAL, _PROXY = 0x20, 0x21
"""Version 2 in four bits, and the command."""

_TCP_OVER_IPV4, _TCP_OVER_IPV6 = 0x11, 0x21

_IPV4, _IPV6 = Struct("!4s4sHH"), Struct("!16s16sHH")

_LEAST: Final = {
    0x00: 0,
    **dict.fromkeys((_TCP_OVER_IPV4, 0x12), _IPV4.size),
    **dict.fromkeys((_TCP_OVER_IPV6, 0x22), _IPV6.size),
    **dict.fromkeys((0x31, 0x32), 216),
}
"""Bytes of the addresses, for each family and protocol that there is."""

Source: TypeAlias = tuple[str, int]
"""Address and port of a client, as a socket has them."""


class ProxyHeaderInvalid(Exception):
    """What came is no header of the PROXY protocol. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyHeader:
    """`source` is None where the proxy speaks for itself, or has no address of the client.

    `size` is how many bytes the header has; the client's own follow.
    """

    source: Source | None
    size: int


def parsed(data: bytes) -> ProxyHeader | None:
    """Return the header that data begins with; None while it is not whole. Raises `ProxyHeaderInvalid`."""
    if _LINE_BEGINS.startswith(data[: len(_LINE_BEGINS)]):
        return _line(data)
    if SIGNATURE.startswith(data[: len(SIGNATURE)]):
        return _block(data)
    raise ProxyHeaderInvalid("it does not begin like one")


def _line(data: bytes) -> ProxyHeader | None:
    line, complete, _ = data[:LONGEST_LINE].partition(b"\r\n")
    if complete:
        return ProxyHeader(source=_named(line), size=len(line) + 2)
    if len(data) < LONGEST_LINE:
        return None
    raise ProxyHeaderInvalid(f"its line is longer than {LONGEST_LINE} bytes")


def _named(line: bytes) -> Source | None:
    if _UNKNOWN.fullmatch(line):
        return None
    found = _LINE.fullmatch(line)
    if found is None or not all(int(port) <= 0xFFFF for port in found.group(4, 5)):
        raise ProxyHeaderInvalid("its line is not as version 1 has it")
    family, source, target, port, _ = found.groups()
    _address(family, target)
    return _address(family, source), int(port)


def _address(family: bytes, text: bytes) -> str:
    try:
        return str(IPv4Address(text.decode()) if family == b"4" else unmapped(IPv6Address(text.decode())))
    except AddressValueError as error:
        raise ProxyHeaderInvalid("its line names no address") from error


def _block(data: bytes) -> ProxyHeader | None:
    if len(data) < _START.size:
        return None
    _, command, family, length = _START.unpack_from(data)
    _check(command, family, length)
    size = _START.size + length
    if len(data) < size:
        return None
    return ProxyHeader(source=_source(family, data) if command == _PROXY else None, size=size)


def _check(command: int, family: int, length: int) -> None:
    """Find what no header has; of a connection of the proxy's own, the family does not matter."""
    if command not in (_LOCAL, _PROXY):
        raise ProxyHeaderInvalid("its version or command is unknown")
    if length > LONGEST_BLOCK:
        raise ProxyHeaderInvalid(f"it has more than {LONGEST_BLOCK} bytes of addresses and extensions")
    if command == _PROXY and length < _LEAST.get(family, LONGEST_BLOCK + 1):
        raise ProxyHeaderInvalid("its family is unknown, or its addresses are cut off")


def _source(family: int, data: bytes) -> Source | None:
    """Return who is named; other families count for none, since what comes here came by TCP."""
    if family == _TCP_OVER_IPV4:
        source, _, port, _ = _IPV4.unpack_from(data, _START.size)
        return str(IPv4Address(source)), port
    if family == _TCP_OVER_IPV6:
        source, _, port, _ = _IPV6.unpack_from(data, _START.size)
        return str(unmapped(IPv6Address(source))), port
    return None
