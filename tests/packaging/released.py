"""A release, made in a clone of its own of what is here now, committed or not."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.sources import DISTRIBUTIONS, ROOT

#: What a release is made of.
PARTS: Final = (
    *(folder for folder, _ in DISTRIBUTIONS.values()),
    *("deploy", "docs", "requirements", "scripts"),
    *(".gitignore", "CHANGELOG.md", "LICENSE", "README.md"),
)

_AUTHOR: Final = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone. `environment` is the one into which a release was installed to try it."""

    folder: Path

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def environment(self) -> Path:
        return self.folder / ".cache" / "release" / "environment"

    def git(self, *arguments: str) -> str:
        """Run git in it, and return what it says."""
        command = ("git", *_AUTHOR, *arguments)
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def commit(self) -> None:
        """Commit all that is in it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Release")

    def release(self) -> subprocess.CompletedProcess[str]:
        """Do what `make release` does."""
        command = (sys.executable, self.folder / "scripts" / "release")
        return subprocess.run(command, capture_output=True, text=True)


def clone(folder: Path) -> Clone:
    """A new clone, in which everything is committed."""
    left_out = shutil.ignore_patterns("__pycache__", "node_modules", ".*_cache")
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=left_out)
        else:
            shutil.copy2(source, target)
    made = Clone(folder)
    made.git("init", "--quiet")
    made.commit()
    return made


def released(folder: Path) -> Clone:
    """A clone in which a release was made; skips the test if no registry can be reached, but not in CI."""
    here = clone(folder)
    done = here.release()
    if "connection broken" in done.stderr and not os.environ.get("CI"):
        pytest.skip("the package registry cannot be reached")
    assert done.returncode == 0, done.stderr
    return here
