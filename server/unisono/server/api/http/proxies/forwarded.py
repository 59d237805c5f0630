"""What proxies wrote into the headers of a request about who asks: X-Forwarded-For, or Forwarded (RFC 7239).

Each proxy adds a node behind those that it found, and a client may have written any of its own. So nodes are
read from the last on, one at a time: what a client wrote is not even looked at before it is its turn.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from unisono.server.api.http.addresses import IpAddress, ip_address

X_FORWARDED_FOR: Final = b"x-forwarded-for"
FORWARDED: Final = b"forwarded"

MOST_NODES: Final = 32
"""Nodes that are told apart: there are as many proxies in a row at most."""

LONGEST_ELEMENT: Final = 1024
"""Characters of what one proxy writes into Forwarded. What is longer names nobody, and is not read."""

_NODE: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f]*:[0-9A-Fa-f:.]{1,44})\]|(?P<v4>[0-9.]{7,15}))"
    r"(?::(?:(?P<port>[0-9]{1,5})|_[\w.-]+))?",
    re.ASCII,
)
"""An address with a port, which may be hidden (RFC 7239, section 6.3). A hidden or unknown client is none."""

_BARE: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}", re.ASCII)
"""An address of IPv6 without brackets, which X-Forwarded-For has."""

_PAIR: Final = re.compile(
    r'[ \t]*for=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^" \t]*))[ \t]*', re.IGNORECASE
)

_QUOTE, _ESCAPE = '"', "\\"


@dataclass(frozen=True, slots=True)
class Node:
    """Who asked a proxy; `port` is None where it does not say."""

    address: IpAddress
    port: int | None


def nodes(name: bytes, value: bytes) -> Iterator[Node | None]:
    """Yield the nodes of a header from the last on; None is one that is no address.

    `value` has the values of all headers of that name, with commas between (RFC 9110, section 5.3).
    """
    text = value.decode("latin-1")
    if name == FORWARDED:
        return map(_forwarded, islice(_backwards(text, ","), MOST_NODES))
    elements = text.rsplit(",", MOST_NODES)[-MOST_NODES:]
    return (_node(element.strip(" \t")) for element in reversed(elements))


def _node(text: str) -> Node | None:
    found = _NODE.fullmatch(text)
    if found is None:
        address, port = ip_address(text) if _BARE.fullmatch(text) else None, None
    else:
        address, port = ip_address(found["v6"] or found["v4"]), found["port"]
    if address is None or (port is not None and int(port) > 0xFFFF):
        return None
    return Node(address, None if port is None else int(port))


def _forwarded(element: str) -> Node | None:
    """Return the node that the only "for" of an element names."""
    if len(element) > LONGEST_ELEMENT:
        return None
    found = [pair for part in _backwards(element, ";") if (pair := _PAIR.fullmatch(part))]
    if len(found) != 1:
        return None
    quoted = found[0]["quoted"]
    return _node(found[0]["token"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))


def _backwards(text: str, separator: str) -> Iterator[str]:
    """Yield what separators outside quotes part, from the last on.

    From the end, quotes of a client that are never closed have no effect on what proxies wrote behind them.
    """
    end, in_quotes = len(text), False
    for at in range(len(text) - 1, -1, -1):
        if text[at] == _QUOTE and not _is_escaped(text, at):
            in_quotes = not in_quotes
        elif text[at] == separator and not in_quotes:
            yield text[at + 1 : end]
            end = at
        elif end - at > LONGEST_ELEMENT:
            break
    yield text[:end]


def _is_escaped(text: str, at: int) -> bool:
    first = at
    while first and text[first - 1] == _ESCAPE:
        first -= 1
    return (at - first) % 2 == 1
