"""Servers of others: processes on the server's core that listen on a port of ours. Knows none of them."""

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

#: Where daemons are on a system; it is not on the path of everybody.
_SYSTEM: Final = "/usr/sbin"

#: How long a server may take to listen and to end, and how often it is tried whether it listens. Seconds.
_TIMEOUT: Final = 30.0
_PAUSE: Final = 0.01


class Failed(Exception):
    """A server does not come to listen."""


def program(name: str) -> str | None:
    """Where a program is: beside the Python that runs, on the path, or where daemons are."""
    places = (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), _SYSTEM)
    return shutil.which(name, path=os.pathsep.join(places))


def free_port() -> int:
    """A port that nobody listens on, as the kernel chooses it."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def listening(name: str, arguments: Sequence[str], port: int) -> Iterator[int]:
    """Run a server, from when it accepts connections; gives its process id. Raises OSError and Failed."""
    command = (program(name) or name, *arguments)
    with cores.on(cores.SERVER):
        process = subprocess.Popen(  # noqa: S603  the command is ours
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    try:
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
