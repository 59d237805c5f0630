"""docs/performance.md and its pictures are what the committed result gives."""

import pytest

from benchmarks.cli.options import COMMITTED
from benchmarks.report import files
from benchmarks.results import Result
from tests.docs.machine import ROOT


def test_the_page_is_in_step_with_the_result() -> None:
    if not (ROOT / COMMITTED).exists():
        pytest.skip("nothing has been measured yet")
    assert files.stale(Result.load(ROOT / COMMITTED), ROOT / "docs") == []
