"""The lock files serve any registry, pin everything, and agree with each other."""

import json
from pathlib import Path

import pytest

from tests.packaging.sources import REQUIREMENTS, ROOT, pins

LOCKS = sorted(REQUIREMENTS.glob("*.txt"))

#: Of what is tried out with Node.js; what is installed has locks of its own.
NPM_LOCKS = [
    lock for lock in sorted(ROOT.glob("tests/**/package-lock.json")) if "node_modules" not in lock.parts
]


@pytest.fixture(params=LOCKS, ids=lambda lock: lock.name)
def lock(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_a_lock_holds_no_address(lock: Path) -> None:
    text = lock.read_text()
    for sign in ("://", " @ ", "--index-url", "--extra-index-url", "--find-links", "file:"):
        assert sign not in text


def test_a_lock_pins_each_distribution_by_hash(lock: Path) -> None:
    text = lock.read_text()
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith(" "):
            assert "==" in line
            assert following.startswith("    --hash=sha256:")


def test_every_lock_comes_from_an_input() -> None:
    """Those of the server come from its project, which declares all that it needs, and its extra."""
    inputs = {path.stem for path in REQUIREMENTS.glob("*.in")}
    assert {path.stem for path in LOCKS} == inputs | {"server", "server-otel"}


def test_development_runs_on_the_versions_of_the_runtime() -> None:
    """So the tests run on what is released."""
    server, run, dev = (pins(REQUIREMENTS / name) for name in ("server.txt", "run.txt", "dev.txt"))
    assert server.items() <= run.items() <= dev.items()
    assert server.items() < pins(REQUIREMENTS / "server-otel.txt").items() <= dev.items()


def test_there_are_locks_of_npm() -> None:
    assert NPM_LOCKS


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_of_npm_pins_each_package_by_hash_and_names_no_registry(lock: Path) -> None:
    packages = [package for name, package in json.loads(lock.read_text())["packages"].items() if name]
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert not any("resolved" in package for package in packages)
