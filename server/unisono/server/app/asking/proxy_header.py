"""Says the header of the PROXY protocol for a client that cannot: gRPC has none.

A server that trusts proxies of this machine takes nobody's connection from here that begins without it.
"""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final

from unisono.server.api.http.proxies.trusted import TrustedProxies
from unisono.server.config.address import Address

_HEADER: Final = b"PROXY UNKNOWN\r\n"
"""Names no client: the connection is that of whoever says it (proxy-protocol.txt, section 2.1)."""

_PIECE: Final = 64 * 1024


@contextmanager
def passing_proxy_header(address: Address, trusted_proxies: Sequence[str]) -> Iterator[str]:
    """Yield a target of gRPC: whoever connects to that reaches the address, behind the header if need be."""
    proxies = TrustedProxies.of(trusted_proxies, proxy_protocol=True)
    with TemporaryDirectory(prefix="unisono-") as folder, socket.socket(socket.AF_UNIX) as door:
        path = Path(folder, "socket")
        door.bind(str(path))
        door.listen()
        Thread(target=_serve, args=(door, address, proxies), daemon=True).start()
        try:
            yield f"unix:{path}"
        finally:
            # Closing alone does not wake who accepts.
            door.shutdown(socket.SHUT_RDWR)


def _serve(door: socket.socket, address: Address, proxies: TrustedProxies) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        Thread(target=_connect, args=(client, address, proxies), daemon=True).start()


def _connect(client: socket.socket, address: Address, proxies: TrustedProxies) -> None:
    """Pass on a connection in both directions, until its end."""
    with client, suppress(OSError), _connected(address) as server:
        if proxies.trusts(server.getsockname()):
            server.sendall(_HEADER)
        back = Thread(target=_pass_on, args=(server, client), daemon=True)
        back.start()
        _pass_on(client, server)
        back.join()


def _connected(address: Address) -> socket.socket:
    if not address.path:
        return socket.create_connection((address.host, address.port))
    made = socket.socket(socket.AF_UNIX)
    made.connect(address.path)
    return made


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes, to the end; then no direction is of use to anybody."""
    with suppress(OSError):
        while data := source.recv(_PIECE):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
