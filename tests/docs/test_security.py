"""docs/security.md names a test for each threat, and each of them is there."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.docs.machine import ROOT

DOCUMENT: Final = ROOT / "docs" / "security.md"
HEAD: Final = ["threat", "how it is met", "shown by"]
TEST: Final = re.compile(r"\]\((?P<path>\.\./tests/[^)]*/test_\w+\.py)\)")


def rows() -> Iterator[Sequence[str]]:
    """The rows of all tables of threats."""
    for table in re.findall(r"(?:^\|.*\n)+", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE):
        head, _, *cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
        if head == HEAD:
            yield from cells


def shown_by(row: Sequence[str]) -> list[Path]:
    return [(DOCUMENT.parent / found["path"]).resolve() for found in TEST.finditer(row[2])]


ROWS: Final = list(rows())


def test_there_are_threats_of_every_kind() -> None:
    sections = DOCUMENT.read_text(encoding="utf-8").count("\n### ")
    assert sections > 5
    assert len(ROWS) > 4 * sections


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_is_done_about_a_threat_is_tested(row: Sequence[str]) -> None:
    tests = shown_by(row)
    assert len(row) == len(HEAD)
    assert tests, "no test shows it"
    for test in tests:
        assert re.search(r"^( {4})?(async )?def test_", test.read_text(encoding="utf-8"), re.MULTILINE), test
