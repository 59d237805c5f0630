"""The units of systemd are valid, give away little, and forbid nothing that a server does."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.units import UNITS, directives, moved
from tests.support import tokens
from tests.support.processes import TIMEOUT, run, serving, url
from tests.support.server_certificate import issued
from tests.support.traces import tracer
from unisono.client import Device, Platform, Publisher
from unisono.server.config import Settings

SERVER = UNITS / "unisono.service"
BACKUP = UNITS / "unisono-backup.service"
BACKUP = UNITS / "unisono-backup.service"

#: What systemd calls OK ends at 4.9; a service without any of this has 9.6. In tenths.
EXPOSURE = 15

CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?P<text>.*)", re.MULTILINE)

#: Calls that MemoryDenyWriteExecute=yes forbids, as it stands in systemd.exec(5).
WRITTEN_AND_RUN = re.compile(r"mmap\(.*PROT_WRITE\|PROT_EXEC|(pkey_)?mprotect\(.*PROT_EXEC|shmat\(.*SHM_EXEC")

#: What SQLite does where it runs as root, as a test may: it gives its files to the owner of the store.
AS_ROOT = {"fchown"} if os.geteuid() == 0 else set[str]()


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze; without it skip the test, but fail it in CI."""
    if shutil.which("systemd-analyze") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("systemd-analyze is not installed")
    command = ("systemd-analyze", *map(str, arguments))
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with the environment of the tests in the place of the one that an operator makes."""
    for unit in UNITS.glob("*.*"):
        text = moved(unit.read_text(encoding="utf-8"), {"/opt/unisono/current": Path(sys.prefix)})
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def test_systemd_understands_them(units: Path) -> None:
    done = analyze("verify", "--man=no", *sorted(units.iterdir()))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_they_give_away_little(unit: str, units: Path) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager", units / unit)
    assert done.returncode == 0, done.stdout


def test_a_server_has_the_time_to_stop_that_it_takes() -> None:
    assert int(directives(SERVER)["TimeoutStopSec"][0]) >= 2 * Settings.model_fields["drain_grace"].default


@pytest.mark.parametrize("transport", ["grpcio", "http"])
async def test_a_server_does_nothing_that_its_unit_forbids(transport: str, tmp_path: Path) -> None:
    # Given a server with TLS, an audit log and metrics, whose system calls are written down
    trace, certificate = tmp_path / "trace", issued(tmp_path)
    more = ("--audit-log", tmp_path / "audit.jsonl", "--metrics-listen", "127.0.0.1:0")
    flags = ("--transport", transport, *certificate.flags)
    with serving(tmp_path / "unisono.db", *flags, *more, under=tracer(trace, ["all"])) as server:
        # When it is used, and stopped
        root = certificate.root
        async with (
            Publisher(server.address, tokens.publisher(), root_certificates=root) as publisher,
            Device(
                server.address,
                tokens.device("ada"),
                endpoint_id="phone",
                platform=Platform.LINUX,
                root_certificates=root,
            ) as device,
        ):
            sent = await publisher.send("ada", title="It works")
            await device.wait_for(lambda device: any(one.id == sent.id for one in device.shown))
    # Then all of these calls are allowed
    assert made(trace) >= {"execve", "socket", "fdatasync", "exit_group"}
    assert made(trace) - AS_ROOT <= allowed(SERVER)
    assert WRITTEN_AND_RUN.search(trace.read_text()) is None


def test_a_backup_does_nothing_that_its_unit_forbids(tmp_path: Path) -> None:
    trace, store, copies = tmp_path / "trace", tmp_path / "unisono.db", tmp_path / "copies"
    copies.mkdir()
    with serving(store):
        command = ("backup", "--store", url(store), "--to", f"{copies}/", "--keep", "14")
        done = run(*command, under=tracer(trace, ["all"]))
    assert done.returncode == 0, done.stderr
    assert made(trace) >= {"execve", "fsync", "exit_group"}
    assert made(trace) - AS_ROOT <= allowed(BACKUP)
    assert WRITTEN_AND_RUN.search(trace.read_text()) is None


def made(trace: Path) -> set[str]:
    """The system calls of a trace."""
    return {call["name"] for call in CALL.finditer(trace.read_text())}


def allowed(unit: Path) -> set[str]:
    """The system calls that a unit allows."""
    calls: set[str] = set()
    for sets in directives(unit)["SystemCallFilter"]:
        named = {call for one in sets.removeprefix("~").split() for call in members(one)}
        calls = calls - named if sets.startswith("~") else calls | named
    return calls


def members(name: str) -> Iterator[str]:
    """A system call itself, or those of a set of systemd, which may have sets in it."""
    if not name.startswith("@"):
        yield name
        return
    done = analyze("syscall-filter", name)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines()[1:]:
        if not line.strip().startswith("#"):
            yield from members(line.strip())
