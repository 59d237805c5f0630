"""Which proxies are believed when they say who their client is, and how they say it."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Self

from unisono.server.api.http.addresses import IpAddress, ip_address
from unisono.server.api.http.exchange import Headers
from unisono.server.api.http.proxies.certificate_header import certificate_in
from unisono.server.api.http.proxies.forwarded import Node, nodes
from unisono.server.model.client_certificate import ClientCertificate

UNIX: Final = "unix"
"""Stands for all who come by a socket of unix: whoever may open its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxies:
    """Those in `networks`, and with `unix` those that come by a socket of unix.

    With `proxy_protocol`, each of their connections begins with its header. Otherwise they name their client
    in `header` of each request, in small letters; empty where they do not. In `certificate_header` they pass
    on the certificate that a client has shown them.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False
    proxy_protocol: bool = False
    header: bytes = b""
    certificate_header: bytes = b""

    @classmethod
    def of(
        cls,
        networks: Iterable[str],
        *,
        proxy_protocol: bool = False,
        header: str = "",
        certificate_header: str = "",
    ) -> Self:
        """Return those in networks such as 10.0.0.0/8, where "unix" is one, too. Raises `ValueError`."""
        names = tuple(networks)
        return cls(
            networks=tuple(ip_network(name) for name in names if name != UNIX),
            unix=UNIX in names,
            proxy_protocol=proxy_protocol,
            header=b"" if proxy_protocol else header.encode(),
            certificate_header=certificate_header.encode(),
        )

    def trusts(self, name: object) -> bool:
        """Return whether the other end of a socket, by its name, is one of them."""
        if not isinstance(name, tuple):
            return self.unix
        address = ip_address(str(name[0]))
        return address is not None and self.includes(address)

    def client(self, headers: Headers) -> Node | None:
        """Return who asked, by the headers of a request that one of them passes on.

        It is the last node that is none of theirs, for they trust each other; where all are, the first one.
        None where there is no node, or one that is no address before any other was found.
        """
        found = None
        value = b",".join(value for name, value in headers if name == self.header)
        for node in nodes(self.header, value):
            if node is None:
                return None
            found = node
            if not self.includes(node.address):
                break
        return found

    def certificate(self, headers: Headers) -> ClientCertificate | None:
        """Return the certificate that the client has shown one of them, by the headers of a request."""
        return certificate_in(headers, self.certificate_header) if self.certificate_header else None

    def includes(self, address: IpAddress) -> bool:
        """Return whether an address is one of theirs."""
        return any(address in network for network in self.networks)
