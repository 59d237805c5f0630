"""Runs HAProxy with a configuration that the project ships, on addresses, paths and limits of a test.

The kernel chooses the ports: HAProxy inherits sockets that listen already.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import trustme

from tests.support.processes import TIMEOUT

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "proxies"

CONFIGURATION: Final = FOLDER / "haproxy.cfg"

PASSTHROUGH: Final = FOLDER / "haproxy-passthrough.cfg"

HOST: Final = "127.0.0.1"

#: Far below what it is by default: whoever runs the tests may not have as many files.
CONNECTIONS: Final = 1_000


class Haproxy:
    """A running HAProxy. `root` is the file with the root of its certificate."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, admin: str, root: Path) -> None:
        self.address = address
        self.root = root
        self.process = process
        self._admin = admin

    def ask(self, command: str) -> str:
        """Return the answer to a command (HAProxy Management Guide, section 9.3)."""
        host, port = self._admin.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=TIMEOUT) as asking:
            asking.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: asking.recv(65_536), b"")).decode()


def program() -> str | None:
    """Return the path of the program, or None; Debian installs it in /usr/sbin."""
    return shutil.which("haproxy", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))


@contextmanager
def haproxy(server: str, folder: Path, **limits: str) -> Iterator[Haproxy]:
    """Run HAProxy inside the context, in front of a server at HOST:PORT.

    `limits` are named as in the configuration, without PROXY_ and in small letters; the others are as
    shipped.
    """
    root, certificate = _certificate(folder)
    with _running(CONFIGURATION, root, {"certificate": str(certificate), "server": server, **limits}) as one:
        yield one


@contextmanager
def passthrough(server: str, root: Path) -> Iterator[Haproxy]:
    """Run it so that it passes TLS through, and names clients by the PROXY protocol.

    `root` is the file with the root of the server's certificate.
    """
    with _running(PASSTHROUGH, root, {"server": server}) as one:
        yield one


@contextmanager
def _running(configuration: Path, root: Path, given: dict[str, str]) -> Iterator[Haproxy]:
    with _listening() as front, _listening() as admin:
        ports = {"listen": f"fd@{front.fileno()}", "socket": f"fd@{admin.fileno()}"}
        variables = {"connections": str(CONNECTIONS), **ports, **given}
        process = _start(configuration, variables, (front.fileno(), admin.fileno()))
        running = Haproxy(process, _address(front), _address(admin), root)
    try:
        # Until it serves this waits; where it does not start, the connection is reset.
        assert "Name: HAProxy" in running.ask("show info")
        yield running
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def _start(
    configuration: Path, variables: dict[str, str], sockets: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    text, found = configuration.read_text(), program()
    names = {f"PROXY_{name.upper()}": value for name, value in variables.items()}
    assert found is not None, "HAProxy is not installed"
    assert all(f"${{{name}-" in text for name in names), f"{configuration} knows less than {set(names)}"
    env = {**os.environ, "PROXY_UNPRIVILEGED": "1", **names}
    return subprocess.Popen([found, "-f", str(configuration)], env=env, pass_fds=sockets)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A root, and a certificate with its key."""
    authority = trustme.CA()
    root, certificate = folder / "root.pem", folder / "haproxy.pem"
    root.write_bytes(authority.cert_pem.bytes())
    certificate.write_bytes(authority.issue_cert(HOST).private_key_and_cert_chain_pem.bytes())
    return root, certificate


def _listening() -> socket.socket:
    return socket.create_server((HOST, 0), backlog=1024)


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"{host}:{port}"
