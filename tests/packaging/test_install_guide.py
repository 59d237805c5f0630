"""docs/install.md installs a release as it says, and what it and the image install is what was tried."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks_of
from tests.packaging import container, units
from tests.packaging.released import released
from tests.packaging.sources import ROOT
from tests.support.processes import TIMEOUT, ServerProcess
from unisono.server import __version__

GUIDE = ROOT / "docs" / "install.md"
BLOCKS = [*blocks_of("install.md", GUIDE.read_text(encoding="utf-8"))]

#: What only root can do, and what the machine of a test has no use for.
SUDO = """#!/bin/sh
case $1 in
useradd | systemctl) exit 0 ;;
-u) shift 2 ;;
esac
exec "$@"
"""


def block(has: str) -> Block:
    (found,) = [block for block in BLOCKS if has in block.text]
    return found


def options(pip: str) -> Sequence[str]:
    """How pip is told to install requirements in a text: its options, without folders."""
    (found,) = re.findall(r"pip install (.*--requirement \S+)", pip)
    return [word.rpartition("/")[2] for word in found.split() if word not in {".", "/release"}]


def test_what_is_installed_was_tried() -> None:
    """With the options that `make release` tries out, and no others but for the cache of an image."""
    told = options(block("--requirement").text)
    (image,) = [text for text in container.texts("RUN") if "requirements.txt" in text]
    assert [word for word in options(image) if word != "--no-cache-dir"] == told
    release = (ROOT / "scripts" / "release").read_text(encoding="utf-8")
    assert [option for option in told if option[:2] == "--" and f'"{option}"' not in release] == []


def test_the_guide_is_for_this_version() -> None:
    named = {
        version for one in BLOCKS for version in re.findall(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])", one.text)
    }
    assert named == {__version__}


def test_the_guide_names_all_that_is_shipped() -> None:
    named = {ROOT / "docs" / path for path in re.findall(r"\]\((\.\./deploy/[^)#]+)\)", GUIDE.read_text())}
    shipped = [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    places = {path.resolve().parent if path.name == "README.md" else path.resolve() for path in named}
    assert [path for path in shipped if not {path, *path.parents} & places] == []


def test_a_container_is_started_as_by_compose() -> None:
    text, service = block("podman run").text, container.composed()
    (volume,) = service["volumes"]
    assert f"--ulimit nofile={service['ulimits']['nofile']} " in text
    assert f"--stop-timeout {service['stop_grace_period'].removesuffix('s')} " in text
    assert f"--publish {service['ports'][0]} " in text
    assert volume.partition(":")[2] in text
    assert all(f":{secret['target']}:ro" in text for secret in service["secrets"])
    assert " ".join(container.health_check()) in text
    assert all(flag in text for flag in ("--read-only", "--cap-drop all", "no-new-privileges"))


@pytest.mark.thorough
def test_a_reader_installs_a_release(tmp_path: Path) -> None:
    # Given a release, and someone who reads the guide in its folder
    reader = Reader(tmp_path)
    # When all of it is done as said, then the server serves as its unit starts it
    reader.run(block("useradd").text)
    settings = reader.etc / "unisono" / "unisono.toml"
    settings.write_text(reader.here(settings.read_text()))
    command = [reader.here(word) for word in units.command(reader.etc / "systemd/system/unisono.service")]
    server = ServerProcess([*command, "--listen", "127.0.0.1:0"], {})
    try:
        # And a device gets what a backend sends
        reader.address = server.address
        assert "Hello" in reader.run(block("ada.token").text)
        # And to upgrade to the same release changes nothing
        assert "nothing is to be done" in reader.run(block("migrate --check").text)
    finally:
        server.end()


@pytest.mark.thorough
def test_the_image_is_built_of_a_release(tmp_path: Path) -> None:
    release = released(tmp_path / "clone")
    (command,) = [text for text in container.texts("RUN") if "requirements.txt" in text]
    places = {"/opt/unisono": tmp_path / "opt", "/release": release.dist}
    subprocess.run(("sh", "-euc", units.moved(command, places)), check=True, timeout=TIMEOUT)
    commands = {path.name for path in (tmp_path / "opt" / "bin").iterdir()}
    assert "unisono-server" in commands
    assert not any(name.startswith("pip") for name in commands)


class Reader:
    """Does what the guide says in the folder of a release, on a machine whose folders are the test's."""

    def __init__(self, folder: Path) -> None:
        self.address = ""
        self._folder = folder
        self._dist = released(folder / "clone").dist
        self._programs = folder / "programs"
        self._programs.mkdir()
        (self._programs / "sudo").write_text(SUDO)
        (self._programs / "sudo").chmod(0o755)
        for path in ("opt/unisono", "var/lib/unisono", "etc/systemd/system"):
            (folder / path).mkdir(parents=True)

    @property
    def etc(self) -> Path:
        return self._folder / "etc"

    def here(self, text: str) -> str:
        """What a text means on this machine: there is no user and no group of the server."""
        return re.sub(r"/(?=(opt|var/lib|etc)/)", f"{self._folder}/", text).replace("-g unisono ", "")

    def run(self, script: str) -> str:
        """Run it to its end, and return what it says."""
        path = os.pathsep.join((str(self._programs), str(Path(sys.executable).parent), "/usr/bin:/bin"))
        done = subprocess.run(
            ("bash", "-euo", "pipefail", "-c", self.here(script)),
            cwd=self._dist,
            env={**os.environ, "PATH": path, "UNISONO_TARGET": self.address},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
