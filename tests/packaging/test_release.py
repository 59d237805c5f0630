"""`make release` makes the same files of the same commit, and refuses what is no release."""

import os
from pathlib import Path

import pytest

from tests.packaging.released import Clone, clone
from tests.packaging.sources import DISTRIBUTIONS, build
from unisono.server import __version__


@pytest.fixture
def here(tmp_path: Path) -> Clone:
    return clone(tmp_path / "clone")


def test_what_is_not_committed_is_no_release(here: Clone) -> None:
    (here.folder / "server/unisono/server/later.py").touch()
    done = here.release()
    assert (done.returncode, done.stdout) == (1, "")
    assert "not committed" in done.stderr
    assert "later.py" in done.stderr
    assert not here.dist.exists()


def test_a_version_of_which_the_changelog_says_nothing_is_no_release(here: Clone) -> None:
    changelog = here.folder / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace(f"## {__version__} ", "## 0.0.1 "))
    here.commit()
    done = here.release()
    assert (done.returncode, done.stdout) == (1, "")
    assert f"CHANGELOG.md has no section {__version__}" in done.stderr


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_when_and_by_whom_something_is_built_makes_no_difference(
    distribution: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    build(distribution, tmp_path / "one")
    before = os.umask(0o077)
    build(distribution, tmp_path / "other")
    os.umask(before)
    one, other = ({p.name: p.read_bytes() for p in (tmp_path / f).iterdir()} for f in ("one", "other"))
    assert len(one) == 2
    assert one == other
