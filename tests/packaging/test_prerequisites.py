"""The set-up says first what the machine misses, and the line that installs it."""

import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.packaging.sources import ROOT

ADVICE = "sudo apt-get install -y python3 python3-venv make git"
GOOD = "exit 0"
TOO_OLD = 'case "$2" in *version_info*) exit 1 ;; esac'
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1 ;; esac'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of commands to be the only ones on the PATH: cat and git, and no Python yet."""
    for command in ("cat", "git"):
        found = which(command)
        assert found is not None
        (tmp_path / command).symlink_to(found)
    return tmp_path


def check(machine: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Run the check on a machine whose Python answers as the shell code says."""
    (machine / "python3").write_text(f"#!/bin/sh\n{python}\n")
    (machine / "python3").chmod(0o755)
    command = [str(ROOT / "scripts/prerequisites"), "python3"]
    return subprocess.run(command, env={"PATH": str(machine)}, capture_output=True, text=True)


def test_a_complete_machine_passes_in_silence(machine: Path) -> None:
    done = check(machine, GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("python", "missing"), [(TOO_OLD, "Python>=3.11"), (WITHOUT_VENV, "venv"), ("exit 1", "Python")]
)
def test_a_machine_without_a_fit_python_is_told(machine: Path, python: str, missing: str) -> None:
    done = check(machine, python)
    assert done.returncode == 1
    assert f"missing: {missing}" in done.stderr
    assert ADVICE in done.stderr


def test_a_machine_without_git_is_told(machine: Path) -> None:
    (machine / "git").unlink()
    done = check(machine, GOOD)
    assert done.returncode == 1
    assert "missing: git" in done.stderr
    assert ADVICE in done.stderr
