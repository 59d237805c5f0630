"""Connect's conformance suite, against the listener; `make tools` builds it.

Of its cases these are left out: those whose client sends a stream, which no method of ours takes but that of
reflection; of certificates of clients, which tests/http tries; of HTTP/3; and of compressions besides gzip.
"""

from pathlib import Path

import pytest
import structlog

from tests.conformance import suite


@pytest.mark.skipif(not suite.SUITE.exists(), reason="make tools has not built the conformance suite")
async def test_passes_all_cases(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        verdict = await suite.run(tmp_path)

    assert (verdict.passed, verdict.failed, verdict.total) == (2636, 0, 2636), verdict.output
    assert not [entry for entry in logs if entry["log_level"] not in ("debug", "info")]
