"""Connect's conformance suite, against the listener: what is not passed is listed, and why."""

from pathlib import Path

import pytest

from tests.conformance import suite


@pytest.mark.skipif(not suite.SUITE.exists(), reason="make tools has not built the conformance suite")
async def test_passes_all_cases_but_those_that_are_listed(tmp_path: Path) -> None:
    log = tmp_path / "log"

    verdict = await suite.run(log)

    assert (verdict.total, verdict.failed) == (360, 0), verdict.output
    assert log.read_text(encoding="utf-8") == ""
