"""Networks of clients: whose connections count together."""

from ipaddress import IPv4Address, IPv6Network
from typing import Final
from urllib.parse import unquote

from unisono.server.api.http.addresses import IpAddress, ip_address

_ONE_SITE: Final = 64
"""Bits of an address of IPv6 that are one site's: the others its machines choose by themselves (RFC 4291)."""


def network_of(address: IpAddress) -> str:
    """Return the network of an address: that of IPv4 itself, of IPv6 its first 64 bits."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _ONE_SITE), strict=False))


def network_of_peer(name: object) -> str | None:
    """Return the network of the address of a client's socket.

    None for a unix socket: who reaches that is let in by its file.
    """
    address = ip_address(str(name[0])) if isinstance(name, tuple) else None
    return None if address is None else network_of(address)


def network_of_name(peer: str) -> str | None:
    """Return the network of a client by its name, "ipv4:ADDRESS:PORT" or "ipv6:[ADDRESS]:PORT" as in gRPC.

    None for this machine itself, where a proxy is that many clients share, and for names without an address.
    """
    address = _address_of_name(peer)
    return None if address is None or address.is_loopback else network_of(address)


def is_this_machine(peer: str) -> bool:
    """Return whether a client, by its name as above, is on this machine: by loopback, or a unix socket."""
    address = _address_of_name(peer)
    return peer.startswith("unix:") if address is None else address.is_loopback


def _address_of_name(peer: str) -> IpAddress | None:
    kind, _, rest = unquote(peer).partition(":")
    host = rest.partition(":")[0] if kind == "ipv4" else rest.partition("]")[0].removeprefix("[")
    return ip_address(host) if kind in ("ipv4", "ipv6") else None
