"""Sockets to listen on: of TCP on each address of a host, or of unix at a path."""

import errno
import socket
from pathlib import Path
from typing import Final

from unisono.server.api.address import ListenError, cannot_listen

UNIX: Final = "unix:"

_NO_IPV6: Final = frozenset((errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL))


def bound(address: str) -> list[socket.socket]:
    """Return sockets that are bound to HOST:PORT or unix:PATH. Raises `ListenError`."""
    if address.startswith(UNIX):
        return [_bound_to_path(address, Path(address.removeprefix(UNIX)))]
    try:
        return _bound_to_host(address)
    except OSError as error:
        raise cannot_listen(address, error.strerror or str(error)) from error


def _bound_to_host(address: str) -> list[socket.socket]:
    """Bind each address of a host to the same port; IPv6 may be missing where there is another address."""
    host, _, port = address.rpartition(":")
    found = socket.getaddrinfo(
        host.strip("[]") or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    found.sort(key=lambda one: one[0] == socket.AF_INET6)
    both = found[0][0] == socket.AF_INET6
    made: list[socket.socket] = []
    number = int(port)
    for family, _, _, _, (name, _, *rest) in found:
        try:
            made.append(_bound_to(family, (name, number, *rest), both_families=both))
        except OSError as error:
            if made and error.errno in _NO_IPV6:
                continue
            _close(made)
            raise
        number = made[0].getsockname()[1]
    return made


def _bound_to(family: int, target: tuple[object, ...], *, both_families: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port on which only closed connections linger (TIME_WAIT) is free.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not both_families)
        made.bind(target)
    except OSError:
        made.close()
        raise
    return made


def _bound_to_path(address: str, path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_room(path)
        made.bind(str(path))
    except OSError as error:
        made.close()
        why = error.strerror or str(error)
        raise ListenError(
            f"cannot listen on {address}: {why}; choose another path with --listen unix:PATH"
        ) from error
    return made


def _make_room(path: Path) -> None:
    """Remove the socket of a server that is gone. Raises `OSError` where one listens, or it is no socket."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "there is a file that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        else:
            raise OSError(errno.EADDRINUSE, "another server listens there")


def _close(made: list[socket.socket]) -> None:
    for one in made:
        one.close()
