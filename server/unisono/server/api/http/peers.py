"""Names of clients by their sockets, as gRPC has them."""

from ipaddress import IPv4Address

from unisono.server.api.http.addresses import ip_address


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
