"""Addresses of clients, as values: one of IPv4 that is written as one of IPv6 is that of IPv4."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TypeAlias

IpAddress: TypeAlias = IPv4Address | IPv6Address


def ip_address(text: str) -> IpAddress | None:
    """Return the address that a text is, without the zone of a link (RFC 4007); None for anything else."""
    try:
        return unmapped(IPv6Address(text.partition("%")[0])) if ":" in text else IPv4Address(text)
    except AddressValueError:
        return None


def unmapped(address: IPv6Address) -> IpAddress:
    """Return the address of IPv4 that one of IPv6 stands for (RFC 4291, section 2.5.5.2), or itself."""
    return address.ipv4_mapped or address
