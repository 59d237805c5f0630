"""Finds the tools of the system that trials and tests need."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support import go_device, haproxy, nginx

STRACE: Final = "strace"
FAKETIME: Final = "libfaketime"
HAPROXY: Final = "haproxy"
NGINX: Final = "nginx"
GO: Final = "Go"


def missing(needs: Sequence[str]) -> list[str]:
    """Return which of the tools are not installed."""
    there = {
        STRACE: shutil.which(STRACE) is not None,
        FAKETIME: faketime() is not None,
        HAPROXY: haproxy.program() is not None,
        NGINX: nginx.program() is not None,
        GO: go_device.PROGRAM.exists(),
    }
    return [name for name in needs if not there[name]]


def require(needs: Sequence[str]) -> None:
    """Skip the test where a tool is missing, but fail it in CI."""
    if GO in needs:
        go_device.require_go()
    if lacking := missing(needs):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            f"not installed: {', '.join(lacking)}"
        )


def faketime() -> Path | None:
    """Return the path of libfaketime, which gives a process its own clock, or None if it is not installed."""
    places = ("lib/*/faketime", "lib*/faketime", "local/lib/faketime")
    found = [path for place in places for path in Path("/usr").glob(f"{place}/libfaketimeMT.so.1")]
    return next(iter(found), None)
