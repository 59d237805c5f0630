"""Names of clients as gRPC has them, by their sockets, or by what a proxy says."""

from ipaddress import IPv4Address

from unisono.server.api.http.addresses import ip_address
from unisono.server.api.http.proxies.forwarded import Node


def peer_name(name: object) -> str:
    """Return "ipv4:ADDRESS:PORT", "ipv6:[ADDRESS]:PORT", or "unix:", for the address of a socket.

    A client that came by IPv4 to a socket of IPv6 has its address of IPv4.
    """
    if not isinstance(name, tuple):
        return "unix:"
    host, port = str(name[0]), name[1]
    if ":" not in host:
        return f"ipv4:{host}:{port}"
    address = ip_address(host)
    if isinstance(address, IPv4Address):
        return f"ipv4:{address}:{port}"
    return f"ipv6:[{host.replace('%', '%25')}]:{port}"


def node_name(node: Node) -> str:
    """Return the name of a client that a proxy names, without the port where it does not say."""
    address = f"ipv4:{node.address}" if node.address.version == 4 else f"ipv6:[{node.address}]"
    return address if node.port is None else f"{address}:{node.port}"
