"""Which proxies are believed when they say who their client is, and how they say it."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Self

from unisono.server.api.http.addresses import IpAddress, ip_address

UNIX: Final = "unix"
"""Stands for all who come by a socket of unix: whoever may open its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxies:
    """Those in `networks`, and with `unix` those that come by a socket of unix.

    With `proxy_protocol`, each of their connections begins with its header.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False
    proxy_protocol: bool = False

    @classmethod
    def of(cls, networks: Iterable[str], *, proxy_protocol: bool = False) -> Self:
        """Return those in networks such as 10.0.0.0/8, where "unix" is one, too. Raises `ValueError`."""
        names = tuple(networks)
        return cls(
            networks=tuple(ip_network(name) for name in names if name != UNIX),
            unix=UNIX in names,
            proxy_protocol=proxy_protocol,
        )

    def trusts(self, name: object) -> bool:
        """Return whether the other end of a socket, by its name, is one of them."""
        if not isinstance(name, tuple):
            return self.unix
        address = ip_address(str(name[0]))
        return address is not None and self.includes(address)

    def includes(self, address: IpAddress) -> bool:
        """Return whether an address is one of theirs."""
        return any(address in network for network in self.networks)
