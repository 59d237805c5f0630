"""Clients of others: where they are built, and how one is run."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.interop.clients.site import TRANSPORT
from tests.support import tokens
from tests.support.processes import TIMEOUT

FOLDER: Final = Path(__file__).parent
BUILT: Final = FOLDER.parents[2] / ".cache" / "interop"

#: Whoever exits with it says that something is lacking, or cannot be done.
LACKING: Final = 77

#: They speak Connect, gRPC-Web or HTTP with JSON.
WEB: Final = (
    "connect_node_connect",
    "connect_web",
    "connect_web_grpc_web",
    "curl",
    "grpc_web",
    "urllib",
)

#: They make more than one connection.
CONNECTING: Final = (
    "buf_curl",
    "connect_web",
    "connect_web_grpc_web",
    "curl",
    "grpc_web",
    "grpcurl",
    "urllib",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a client ended: its exit status, and its last line on stderr."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Client:
    """A client of this folder, by its name."""

    name: str

    @property
    def missing(self) -> str:
        """Return why it cannot be run; empty where it can."""
        if self.name in WEB and TRANSPORT != "http":
            return f"the transport {TRANSPORT} has no web"
        if self._program.exists():
            return ""
        why = BUILT / self.name / "missing"
        return why.read_text(encoding="utf-8").strip() if why.exists() else "not built: make interop"

    @property
    def version(self) -> str:
        """Return the library's name and version."""
        return _version(self._program)

    async def run(
        self, address: str, case: str, user_id: str, on_ready: Callable[[], Awaitable[None]]
    ) -> Outcome:
        """Run a case, and do what it is `ready` for."""
        process = await asyncio.create_subprocess_exec(
            *(self._program, "--address", address, "--case", case),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **_as(user_id)},
        )
        try:
            async with asyncio.timeout(TIMEOUT):
                return await _outcome(process, on_ready)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    @property
    def _program(self) -> Path:
        return BUILT / self.name / "run"


def clients() -> list[Client]:
    """Return all that have a folder; `ONLY` in the environment names some."""
    names = sorted(build.parent.name for build in FOLDER.glob("*/build"))
    chosen = os.environ.get("ONLY", "").split()
    return [Client(name) for name in names if not chosen or name in chosen]


@cache
def _version(program: Path) -> str:
    done = subprocess.run((program, "--version"), capture_output=True, text=True, timeout=TIMEOUT, check=True)
    return done.stdout.strip()


async def _outcome(process: asyncio.subprocess.Process, on_ready: Callable[[], Awaitable[None]]) -> Outcome:
    assert process.stdout is not None
    assert process.stderr is not None
    complaint = asyncio.create_task(process.stderr.read())
    async for line in process.stdout:
        if line.strip() == b"ready":
            await on_ready()
    lines = (await complaint).decode(errors="replace").strip().splitlines()
    return Outcome(status=await process.wait(), reason=lines[-1] if lines else "")


def _as(user_id: str) -> dict[str, str]:
    return {
        "USER_ID": user_id,
        "PUBLISHER_TOKEN": tokens.publisher(),
        "USER_TOKEN": tokens.device(user_id),
    }
