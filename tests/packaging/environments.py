"""Empty environments, and what a package registry installs into them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.processes import TIMEOUT

#: A program: a backend sends to a device of ada, which says that it rang. Its arguments are a server, and a
#: token of each.
ROUND_TRIP = """
import asyncio, sys
import google.protobuf, grpc
from unisono.client import Device, Platform, Publisher, Status

async def main(target, app_token, user_token):
    async with Publisher(target, app_token) as publisher:
        async with Device(target, user_token, endpoint_id="d", platform=Platform.LINUX) as device:
            await device.wait_for(lambda device: device.status is Status.LIVE)
            events = device.events()
            await publisher.send("ada", title="It works")
            event = await anext(events)
            print(grpc.__version__, google.protobuf.__version__, event.ring, event.notification.title)

asyncio.run(main(*sys.argv[1:]))
"""


def pip(*arguments: str | Path, into: Path | None = None) -> None:
    """Run pip, for another environment if named; skip if no registry can be reached, but not in CI."""
    other = ("--python", str(into / "bin" / "python")) if into else ()
    command = (sys.executable, "-m", "pip", *other, "install", "--quiet", "--no-compile", "--retries=1")
    done = subprocess.run((*command, *map(str, arguments)), capture_output=True, text=True)
    if "connection broken" in done.stderr and not os.environ.get("CI"):
        pytest.skip("the package registry cannot be reached")
    assert done.returncode == 0, done.stderr


def empty(folder: Path) -> Path:
    """A new environment, in which there is nothing."""
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(folder)), check=True)
    return folder


def run(environment: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of an environment that sees nothing of this one; warnings are errors."""
    program, *arguments = command
    return subprocess.run(
        (str(environment / "bin" / program), *arguments),
        capture_output=True,
        text=True,
        cwd=environment,
        env={"PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "error", **variables},
        timeout=TIMEOUT,
    )


def constraints(file: Path, versions: Mapping[str, str]) -> Path:
    """A file that holds these distributions at these versions."""
    file.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()))
    return file
