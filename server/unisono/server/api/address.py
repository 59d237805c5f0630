"""Checks that an address can be listened on, before gRPC tries, whose own error names no cause."""

import socket


class ListenError(Exception):
    """The server cannot listen on the address; the message is for the operator, with the cause."""


def check_free(address: str) -> None:
    """Raise ListenError unless HOST:PORT can be bound now, on each address that the host name stands for.

    The port is not reserved: another process may take it before gRPC binds it.
    """
    host, _, port = address.rpartition(":")
    try:
        for family, kind, protocol, _, target in socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as probe:
                # A port on which only closed connections linger (TIME_WAIT) is free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(target)
    except OSError as error:
        raise cannot_listen(address, error.strerror or str(error)) from error


def cannot_listen(address: str, why: str) -> ListenError:
    """Return the error to raise for an address that cannot be listened on, and why."""
    return ListenError(f"cannot listen on {address}: {why}; choose another one with --listen HOST:PORT")
