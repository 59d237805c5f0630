"""Whether an address can be listened on, found out before gRPC tries, which says little when it fails."""

import socket


class ListenError(Exception):
    """The server cannot listen as asked. The message is for the operator."""


def check_free(address: str) -> None:
    """Raise ListenError unless HOST:PORT can be bound now."""
    host, _, port = address.rpartition(":")
    try:
        for family, kind, protocol, _, target in socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as probe:
                # A port that only waits for old connections to fade is free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(target)
    except OSError as error:
        raise cannot_listen(address, error.strerror or str(error)) from error


def cannot_listen(address: str, why: str) -> ListenError:
    """The error for an address that cannot be used."""
    return ListenError(f"cannot listen on {address}: {why}; choose another one with --listen HOST:PORT")
