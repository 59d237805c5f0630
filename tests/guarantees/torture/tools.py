"""Tools of the system that trials and tests need. Knows none of them."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support.haproxy import program

STRACE: Final = "strace"
FAKETIME: Final = "libfaketime"
HAPROXY: Final = "haproxy"


def missing(needs: Sequence[str]) -> list[str]:
    """Those of the tools that are not on this machine."""
    there = {
        STRACE: shutil.which(STRACE) is not None,
        FAKETIME: faketime() is not None,
        HAPROXY: program() is not None,
    }
    return [name for name in needs if not there[name]]


def require(needs: Sequence[str]) -> None:
    """Skip the test where a tool is missing; in CI it fails."""
    if lacking := missing(needs):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            f"not installed: {', '.join(lacking)}"
        )


def faketime() -> Path | None:
    """The library that gives a process a clock of its own, where it is. The linker does not look there."""
    places = ("lib/*/faketime", "lib*/faketime", "local/lib/faketime")
    found = [path for place in places for path in Path("/usr").glob(f"{place}/libfaketimeMT.so.1")]
    return next(iter(found), None)
