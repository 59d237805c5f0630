"""Runs the example device of `clients/examples/go` in a process, and makes a history of what it prints.

`make setup` builds it, where there is a Go.
"""

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from google.protobuf.json_format import ParseDict

from tests.support.processes import TIMEOUT
from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.history import Principal, Ring, Stream, TimedMessage

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "clients" / "examples" / "go"
PROGRAM: Final = ROOT / ".cache" / "go" / "device"
#: Its own tests, to be run in its folder.
TESTS: Final = PROGRAM.with_name("device.test")

_CODES: Final = {code.value[0]: code.name for code in grpc.StatusCode}

Line = dict[str, Any]


def require_go() -> None:
    """Skip the test where the example is not built; fail it in CI, where that is for no lack of Go."""
    if not PROGRAM.exists():
        broken = os.environ.get("CI") == "true" and shutil.which("go")
        (pytest.fail if broken else pytest.skip)("the example device in Go is not built: make setup")


class GoDevice:
    """The device `endpoint_id` of a user, in one process after the other. `lines` is what all have printed.

    Its token is in the file `token`, for it to read anew when that has expired.
    """

    def __init__(self, folder: Path, address: str, token: str, endpoint_id: str = "go") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.endpoint_id = endpoint_id
        self.lines: list[Line] = []
        self.store = folder / "device.json"
        self.token = folder / "token"
        write_anew(self.token, token)
        self._command = (
            *(str(PROGRAM), "-trace", "-target", address, "-endpoint", endpoint_id),
            *("-store", str(self.store), "-token-file", str(self.token), "-heartbeat", "5s"),
        )
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def start(self) -> "GoDevice":
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**26,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def say(self, line: str) -> None:
        """Write a line to the device's standard input, such as `read ID`."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process by a signal, and return its exit status. Does nothing where it has ended."""
        if self._process is not None and self._process.returncode is None:
            self.send_signal(signal.SIGCONT)
            self.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end of the process, and return its exit status."""
        assert self._process is not None
        assert self._reading is not None
        async with asyncio.timeout(TIMEOUT):
            await self._reading
            return await self._process.wait()

    async def until(self, condition: Callable[["GoDevice"], object]) -> None:
        """Wait until something that the device prints meets the condition."""
        async with asyncio.timeout(TIMEOUT):
            while not condition(self):
                assert self._reading is None or not self._reading.done(), "the device has ended"
                self._changed.clear()
                await self._changed.wait()

    def told(self, kind: str) -> list[Any]:
        """Return what was printed of one kind: point, ring, marked, ended, subscribe or message."""
        return [line[kind] for line in self.lines if kind in line]

    @property
    def revision(self) -> int:
        """Return the revision of the last complete point; -1 before the first."""
        points = self.told("point")
        return int(points[-1]["revision"]) if points else -1

    @property
    def live(self) -> bool:
        """Return whether it has a stream that was complete."""
        kinds = ("point", "subscribe", "ended", "exit")
        last = next((kind for line in reversed(self.lines) for kind in kinds if kind in line), "")
        return last == "point"

    def rings(self, principal: Principal) -> list[Ring]:
        """Return what rang, for the judge."""
        rings: list[Ring] = []
        revision = 0
        for line in self.lines:
            if "point" in line:
                revision = line["point"]["revision"]
            if "ring" in line:
                ring = Ring(
                    principal=principal,
                    endpoint_id=self.endpoint_id,
                    time=line["time"],
                    notification_id=line["ring"]["id"],
                    alert_revision=line["ring"]["alert_revision"],
                    revision=revision,
                )
                rings.append(ring)
        return rings

    def streams(self, principal: Principal) -> list[Stream]:
        """Return the streams of all processes, for the judge."""
        streams: list[Stream] = []
        for line in self.lines:
            if "subscribe" in line:
                request = ParseDict(line["subscribe"], pb.SubscribeRequest())
                streams.append(Stream(principal=principal, request=request, began=line["time"]))
            elif "message" in line:
                message = ParseDict(line["message"], pb.SubscribeResponse())
                streams[-1].messages.append(TimedMessage(line["time"], message))
            elif ("ended" in line or "exit" in line) and streams and streams[-1].ended is None:
                _end(streams[-1], line)
        return streams

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            # A process that is killed may leave half a line.
            if line.endswith(b"\n"):
                self.lines.append(json.loads(line))
                self._changed.set()
        self.lines.append({"time": time.time(), "exit": {}})
        self._changed.set()


def write_anew(path: Path, text: str) -> None:
    """Replace a file, which is never half written."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def _end(stream: Stream, line: Line) -> None:
    """End a stream as the device says; one that it ended itself has no code."""
    told = line.get("ended", {})
    stream.ended, stream.reason = line["time"], told.get("reason", "")
    stream.code = _CODES[told["code"]] if "code" in told else ""
