"""One version in every place that names one: the distributions are released, and work, together."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.sources import DISTRIBUTIONS, ROOT
from tests.support import release_before
from unisono.server import __version__
from unisono.server.api.services.server_info import CONTRACT_LEVEL
from unisono.server.clock import RandomIds
from unisono.server.store.sqlite import migrate, plan_migration, schema

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d+) \| (\d+) \| (.+) \|$", re.MULTILINE)
RELEASE = re.compile(r"^## (\S+) \((unreleased|\d{4}-\d{2}-\d{2})\)$", re.MULTILINE)


def project(distribution: str) -> dict[str, Any]:
    folder, _ = DISTRIBUTIONS[distribution]
    return dict(tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"])


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_distribution_has_the_version_of_the_server_and_needs_no_other(distribution: str) -> None:
    named = project(distribution)
    siblings = [needed for needed in named.get("dependencies", []) if needed.startswith("unisono-")]
    assert named["version"] == __version__
    assert [needed.partition("==")[2] for needed in siblings] == [__version__] * len(siblings)


def test_the_changelog_begins_with_it_and_the_release_before() -> None:
    releases = RELEASE.findall((ROOT / "CHANGELOG.md").read_text())
    versions = [tuple(map(int, version.split("."))) for version, _ in releases]
    assert [version for version, _ in releases[:2]] == [__version__, release_before.VERSION]
    assert versions == sorted(set(versions), reverse=True)
    assert [version for version, date in releases[1:] if date == "unreleased"] == []


def test_the_table_of_releases_says_what_this_one_is(tmp_path: Path) -> None:
    rows = ROW.findall((ROOT / "docs/versions.md").read_text())
    assert rows[0][:3] == (__version__, str(CONTRACT_LEVEL), str(schema.latest()))
    before = release_before
    assert rows[1][:3] == (before.VERSION, str(before.CONTRACT_LEVEL), str(before.STORE_VERSION))

    store = tmp_path / "unisono.db"
    migrate(store, RandomIds(), lambda *_: None)
    usable = plan_migration(store).compatible_from
    assert rows[0][3] == ", ".join(release for release, _, version, _ in rows[1:] if int(version) >= usable)
