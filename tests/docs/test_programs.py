"""Every program in the README and in docs/ satisfies the checks that its readers run on their own code."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import blocks_of
from tests.docs.documents import DOCUMENTS
from tests.docs.machine import ROOT


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with all of them, each in a file that is named after its place."""
    for document in DOCUMENTS:
        for block in blocks_of(document, (ROOT / document).read_text(encoding="utf-8")):
            if block.language == "python":
                name = f"{Path(document).stem.replace('-', '_')}_{block.line}.py"
                (tmp_path / name).write_text(block.text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "check",
    [("mypy", "--strict", "--no-incremental"), ("ruff", "check", "--isolated", "--no-cache")],
    ids=lambda check: check[0],
)
def test_they_pass(programs: Path, check: tuple[str, ...]) -> None:
    files = sorted(programs.iterdir())
    assert files
    done = subprocess.run(
        (sys.executable, "-m", *check, *files), cwd=programs, capture_output=True, text=True
    )
    assert not done.returncode, done.stdout + done.stderr
