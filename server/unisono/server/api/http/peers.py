"""Names of clients by their sockets, as gRPC has them."""

from ipaddress import IPv6Address

_MAPPED = "::ffff:"


def peer_name(name: object) -> str:
    """Return "ipv4:ADDRESS:PORT", "ipv6:[ADDRESS]:PORT", or "unix:", for the address of a socket.

    A client that came by IPv4 to a socket of IPv6 has its address of IPv4.
    """
    if not isinstance(name, tuple):
        return "unix:"
    host, port = str(name[0]), name[1]
    if ":" not in host:
        return f"ipv4:{host}:{port}"
    if host.startswith(_MAPPED):
        return f"ipv4:{IPv6Address(host).ipv4_mapped}:{port}"
    return f"ipv6:[{host.replace('%', '%25')}]:{port}"
