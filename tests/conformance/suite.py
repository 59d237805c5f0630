"""Runs Connect's conformance suite, which `make tools` builds, against a server of ours."""

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance import protos, server
from tests.conformance.protos import TOOLS

SUITE: Final = TOOLS / "connectconformance"

_FOLDER: Final = Path(__file__).parent
#: Without the packages that are installed: it needs none of them.
_RELAY: Final = (sys.executable, "-S", "-E", _FOLDER / "relay.py")
_COUNTS: Final = re.compile(r"Total cases: (\d+)\n(\d+) passed, (\d+) failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the suite has found. `output` says what failed."""

    total: int
    passed: int
    failed: int
    output: str


async def run(folder: Path) -> Verdict:
    """Run all cases of what `features.yaml` names."""
    protos.load()
    place = folder / "servers.sock"
    async with server.serving(place):
        process = await asyncio.create_subprocess_exec(
            SUITE,
            *("--mode", "server", "--conf", _FOLDER / "features.yaml"),
            *("--", *_RELAY, place),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output = (await process.communicate())[0].decode()
    counts = _COUNTS.search(output)
    assert counts is not None, output
    total, passed, failed = map(int, counts.groups())
    return Verdict(total=total, passed=passed, failed=failed, output=output)
