"""A device that breaks a rule is caught by the vectors, in Python and in Go."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guarantees.patches import ROOT, Patch
from tests.guarantees.thorough import in_turn, thorough
from tests.guarantees.vectors.device_mutant import DeviceMutant
from tests.guarantees.vectors.files import FOLDER as VECTORS
from tests.guarantees.vectors.mutants import MUTANTS
from tests.support.go_device import FOLDER as GO
from tests.support.go_device import require_go
from tests.support.processes import TIMEOUT

CLIENT = ROOT / "clients" / "python" / "unisono" / "client"
IN_GO = [mutant for mutant in MUTANTS if mutant.go]
ALWAYS = [mutant for mutant in MUTANTS if mutant.always]
#: To compile takes long: of those in Go, one is tried each time.
ALWAYS_IN_GO = [mutant for mutant in ALWAYS if mutant.go]
NOW_IN_GO = in_turn(ALWAYS_IN_GO, turns=len(ALWAYS_IN_GO))

#: How the vectors say that a device did something else than they expect.
CAUGHT = ", step "


def rule(mutant: DeviceMutant) -> str:
    return mutant.breaks


@pytest.mark.parametrize("mutant", thorough(MUTANTS, always=ALWAYS, name=rule))
def test_it_is_caught_in_python(mutant: DeviceMutant, tmp_path: Path) -> None:
    client = tmp_path / "unisono" / "client"
    shutil.copytree(CLIENT, client, ignore=shutil.ignore_patterns("*.pyc.*"))
    for one in in_python(mutant):
        patch(client, one)

    command = [sys.executable, "-m", "tests.guarantees.vectors", "replay"]
    said = run(command, ROOT, PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))

    assert CAUGHT in said


@pytest.mark.parametrize("mutant", thorough(IN_GO, always=NOW_IN_GO, name=rule))
def test_it_is_caught_in_go(mutant: DeviceMutant, tmp_path: Path) -> None:
    require_go()
    # As in the repository, since it finds the stubs and the vectors from where it is.
    copy = tmp_path / GO.relative_to(ROOT)
    shutil.copytree(GO, copy)
    for folder in (ROOT / "generated", VECTORS):
        link = tmp_path / folder.relative_to(ROOT)
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(folder)
    assert mutant.go
    patch(copy, mutant.go)

    assert CAUGHT in run(["go", "test", "-vet=off", "."], copy, GOFLAGS="-buildvcs=false")


@pytest.mark.parametrize("mutant", MUTANTS, ids=rule)
def test_its_patches_fit(mutant: DeviceMutant) -> None:
    for one in in_python(mutant):
        assert one.applied((CLIENT / one.file).read_text())
    assert mutant.go is None or mutant.go.applied((GO / mutant.go.file).read_text())


def in_python(mutant: DeviceMutant) -> list[Patch]:
    return [one for one in (mutant.python, mutant.python_too) if one]


def patch(folder: Path, patch: Patch) -> None:
    path = folder / patch.file
    path.write_text(patch.applied(path.read_text()))


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Run a command that has to fail, and return what it says."""
    env = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"} | environment
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, timeout=TIMEOUT)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr
