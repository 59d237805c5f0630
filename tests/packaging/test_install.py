"""What is released runs by itself, as the unit and the image start it: it serves, is backed up, and stops."""

import signal
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.packaging import container, units
from tests.packaging.environments import ROUND_TRIP, run
from tests.packaging.released import Clone, released
from tests.packaging.sources import REQUIREMENTS, pins
from tests.support.processes import ServerProcess
from unisono.server import __version__

#: What an operator begins with.
SETTINGS = units.UNITS.parent / "unisono.toml"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a release is installed, and where the folders of a machine are in a test."""

    environment: Path
    folder: Path

    def here(self, arguments: Sequence[str]) -> Sequence[str]:
        """Arguments, with the folders that they name."""
        return [units.moved(argument, self.places) for argument in arguments]

    @property
    def places(self) -> Mapping[str, Path]:
        return {
            "/opt/unisono/current": self.environment,
            "/opt/unisono": self.environment,
            "/etc/unisono": self.folder,
            "/var/lib/unisono": self.folder,
            "/var/backups/unisono": self.folder / "backups",
        }

    def run(self, *arguments: str, **variables: str) -> str:
        """Run a command of `unisono-server`, and return what it says."""
        done = run(self.environment, "unisono-server", *arguments, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def rings(self, address: str) -> str:
        """Send to a device at the server, and return what that heard."""
        known = ("--config", str(self.folder / "unisono.toml"))
        tokens = (self.run("token", *known), self.run("token", "--user", "ada", *known))
        done = run(self.environment, "python", "-c", ROUND_TRIP, address, *tokens)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split(maxsplit=2)[2]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return released(tmp_path_factory.mktemp("release") / "clone")


def test_a_release_is_whole(release: Clone) -> None:
    # The checksums are those of all that is in it
    sums = (release.dist / "SHA256SUMS").read_text().split()
    files = {path.name: path for path in release.dist.iterdir() if path.name != "SHA256SUMS"}
    assert dict(zip(sums[1::2], sums[::2], strict=True)) == {
        name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }
    # The server and what it needs are installed with what was tested
    ours = dict.fromkeys(("unisono-proto", "unisono-server"), __version__)
    for name, lock in {"requirements": "server", "requirements-otel": "server-otel"}.items():
        assert pins(release.dist / f"{name}.txt") == {**ours, **pins(REQUIREMENTS / f"{lock}.txt")}
    # What is new in this version is there, and what is to be copied
    notes = (release.dist / "NOTES.md").read_text()
    assert notes.startswith(f"# Unisono {__version__} (")
    assert "- " in notes
    assert "\n## " not in notes
    with tarfile.open(release.dist / f"unisono-deploy-{__version__}.tar.gz") as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert held >= {"deploy/systemd/unisono.service", "deploy/container/Containerfile", "docs/install.md"}
    # And nothing else has changed
    assert release.git("status", "--porcelain") == ""


@pytest.fixture
def machine(release: Clone, tmp_path: Path) -> Machine:
    machine = Machine(release.environment, tmp_path)
    text = units.moved(SETTINGS.read_text(encoding="utf-8"), machine.places)
    (tmp_path / "unisono.toml").write_text(text.replace("127.0.0.1:50051", "127.0.0.1:0"))
    (tmp_path / "secret").touch(0o600)
    (tmp_path / "secret").write_text("0123456789abcdef" * 4)
    return machine


@contextmanager
def started(command: Sequence[str], variables: Mapping[str, str]) -> Iterator[ServerProcess]:
    """Start a server so, and hold it to stop when it is told to."""
    server = ServerProcess(command, variables)
    try:
        yield server
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
    finally:
        server.end()


def test_it_serves_as_its_unit_starts_it(machine: Machine) -> None:
    command = machine.here(units.command(units.UNITS / "unisono.service"))
    with started(command, {}) as server:
        assert machine.rings(server.address) == "True It works\n"
        # When its backup is made tonight as last night, then there are two
        copies = machine.folder / "backups"
        copies.mkdir()
        program, *arguments = machine.here(units.command(units.UNITS / "unisono-backup.service"))
        assert Path(program) == machine.environment / "bin" / "unisono-server"
        machine.run(*arguments)
        (last_night,) = copies.iterdir()
        last_night.rename(copies / "unisono-2026-01-01T021500Z.db")
        machine.run(*arguments)
        assert len([*copies.glob("unisono-*.db")]) == 2


def test_it_serves_as_its_image_starts_it(machine: Machine) -> None:
    variables = {name: units.moved(value, machine.places) for name, value in container.variables().items()}
    listen = {"UNISONO_LISTEN": "127.0.0.1:0"}
    with started(machine.here(container.command()), {**variables, **listen}) as server:
        assert machine.rings(server.address) == "True It works\n"
        # When it is asked whether it is healthy, then it says that it serves
        program, *arguments = machine.here(container.health_check())
        assert Path(program) == machine.environment / "bin" / "unisono-server"
        asked = {**variables, "UNISONO_LISTEN": server.address}
        assert machine.run(*arguments, **asked) == "SERVING"
