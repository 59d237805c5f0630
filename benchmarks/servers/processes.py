"""Runs servers of others, as processes on the server's core that listen on given ports."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.machine import cores

HOST: Final = "127.0.0.1"

#: Where a system has daemons; not everybody has it on the path.
_SYSTEM: Final = "/usr/sbin"

#: Where `make peers` puts what it builds.
_BUILT: Final = Path(".cache/tools").resolve()

#: How long a server may take to listen and to end, and how often a connection is tried, in seconds.
_TIMEOUT: Final = 30.0
_PAUSE: Final = 0.01


class Failed(Exception):
    """A server ended, or did not listen or answer as it should."""


def program(name: str) -> str | None:
    """Return the path of a program: built here, beside this Python, on the path, or a daemon; or None."""
    places = (str(_BUILT), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), _SYSTEM)
    return shutil.which(name, path=os.pathsep.join(places))


def free_port() -> int:
    """Return a port of the kernel's choice that nobody listens on now."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def listening(name: str, arguments: Sequence[str], *ports: int) -> Iterator[int]:
    """Run a server until the end of the `with` block; yields its process id once it accepts connections
    on all ports.

    Raises OSError where it cannot be started, and Failed where it does not listen within 30 seconds.
    """
    command = (program(name) or name, *arguments)
    with cores.on(cores.SERVER):
        process = subprocess.Popen(  # noqa: S603  the command is ours
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    try:
        for port in ports:
            _wait(process, port)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_TIMEOUT)
        finally:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _TIMEOUT
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection((HOST, port)).close()
        except ConnectionRefusedError:
            time.sleep(_PAUSE)
        else:
            return
    raise Failed(f"{process.args!r} does not listen")
