"""Runs nginx with the configuration that the project ships, on addresses, paths and limits of a test.

The kernel chooses the port: nginx inherits a socket that listens already, as it does when it is upgraded.
"""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import trustme

from tests.support.processes import TIMEOUT

CONFIGURATION: Final = Path(__file__).parents[2] / "deploy" / "proxies" / "nginx.conf"

HOST: Final = "127.0.0.1"

_KINDS: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx keeps in folders, which only root may make where they are by default."""


class Nginx:
    """A running nginx. `root` is the file with the root of its certificate."""

    def __init__(self, address: str, root: Path) -> None:
        self.address = address
        self.root = root


def program() -> str | None:
    """Return the path of the program, or None; Debian installs it in /usr/sbin."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))


@contextmanager
def nginx(server: str, folder: Path, **directives: str) -> Iterator[Nginx]:
    """Run nginx inside the context, in front of a server at HOST:PORT.

    `directives` have other values than shipped, wherever they stand.
    """
    found = program()
    assert found is not None, "nginx is not installed"
    authority = trustme.CA()
    root, certificate = folder / "root.pem", folder / "nginx.pem"
    root.write_bytes(authority.cert_pem.bytes())
    certificate.write_bytes(authority.issue_cert(HOST).private_key_and_cert_chain_pem.bytes())
    with socket.create_server((HOST, 0), backlog=1024) as front:
        address = f"{HOST}:{front.getsockname()[1]}"
        file = folder / "nginx.conf"
        file.write_text(_configured(address, server, folder, directives))
        process = subprocess.Popen(
            [found, "-p", str(folder), "-c", str(file), "-g", "daemon off;"],
            env={**os.environ, "NGINX": f"{front.fileno()};"},
            pass_fds=(front.fileno(),),
        )
    try:
        yield Nginx(address, root)
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def _configured(address: str, server: str, folder: Path, directives: dict[str, str]) -> str:
    text = CONFIGURATION.read_text()
    for name, value in {
        "listen": f"{address} ssl http2",
        "server": server,
        "ssl_certificate": f"{folder}/nginx.pem",
        "ssl_certificate_key": f"{folder}/nginx.pem",
        "pid": f"{folder}/nginx.pid",
        "worker_processes": "1",
        "worker_connections": "1000",
        "worker_rlimit_nofile": "1100",
        **directives,
    }.items():
        text, count = re.subn(rf"(?m)^( *{name}) [^;{{]*;", rf"\1 {value};", text)
        assert count, f"{CONFIGURATION} has no {name}"
    kept = (f"{kind}_temp_path {folder}/{kind};" for kind in _KINDS)
    return text.replace("http {", " ".join(("http {", *kept)))
