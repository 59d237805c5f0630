"""Devices that vanish, and strangers who speak nonsense, leave no noise in the log."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support import tokens
from tests.support.http2 import connected, fleet, frames
from tests.support.nodes import Setup, running
from tests.support.processes import TIMEOUT
from unisono.client import Publisher, create_transport
from unisono.server.core.sweeper import SweepRules
from unisono.verify.recording import Recorder, steady_clock

#: The largest raw content: three of them do not fit into the windows of a device.
LARGE = b"x" * 32 * 1024

NONSENSE = {
    "bytes": bytes(range(256)),
    "a handshake of TLS": b"\x16\x03\x01\x00\x01\x01",
    "a request without a host": b"GET / HTTP/1.1\r\n\r\n",
    "a part of a preface": frames.greeting()[:10],
    "a frame that is too long": frames.greeting() + b"\xff" * 100,
    "headers that are none": frames.greeting() + frames.frame(frames.HEADERS, frames.END_HEADERS, 1, b"\xff"),
}


async def test_devices_that_vanish(tmp_path: Path) -> None:
    # Given devices for which much waits, and one that has everything.
    setup = Setup(path=tmp_path / "unisono.db", sweep_rules=SweepRules(interval=0.02))
    async with running(setup) as node:
        full = fleet.devices(Recorder(steady_clock()), "ada", 3, bare=True)
        idle = fleet.devices(Recorder(steady_clock()), "bob", 1, bare=True)
        await fleet.connect_all(full, node.target, reads=False)
        await fleet.connect_all(idle, node.target)
        async with Publisher(create_transport(node.target), tokens.publisher()) as publisher:
            for _ in range(6):
                await publisher.send(full[0].user_id, raw_content=LARGE)
        async with asyncio.timeout(TIMEOUT):
            for device in full:
                await device.connection.full.wait()
        # When all are gone.
        with capture_logs() as logs:
            fleet.abort_all([*full, *idle])
            left = await connected.wait_disconnected(node.target, [*full, *idle], TIMEOUT)
    # Then at most a line says so.
    assert not left
    assert {entry["event"] for entry in logs if entry["log_level"] != "debug"} <= {"client is gone"}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=list(NONSENSE))
async def test_strangers_who_speak_nonsense(tmp_path: Path, said: bytes) -> None:
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        host, port = node.target.split(":")
        with capture_logs() as logs:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(said)
            writer.write_eof()
            async with asyncio.timeout(TIMEOUT):
                while await reader.read(1024):
                    pass
            writer.close()
            await writer.wait_closed()
    noise = [entry for entry in logs if entry["log_level"] != "debug"]
    assert [entry for entry in noise if entry["event"] not in ("draining", "stopped")] == []
