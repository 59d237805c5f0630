"""Keeps how each case of each client ended, for the table of `docs/interop.md`."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.interop.clients.client import BUILT
from tests.interop.clients.site import TRANSPORT
from unisono.server import __version__

FILE: Final = BUILT / "results.json"

OK: Final = "ok"
FAILED: Final = "failed"
NOT_FOR_IT: Final = "not for it"
NOT_TRIED: Final = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a case of a client ended, and why, unless it is ok. `version` is that of the client's library."""

    client: str
    case: str
    outcome: str
    reason: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that one run has tried, and when."""

    date: str
    server: str
    transport: str
    results: tuple[Result, ...]


def record(test: pytest.FixtureRequest, result: Result) -> None:
    """Attach a result to the report of a test."""
    test.node.user_properties.append(("interop", json.dumps(asdict(result))))


def load(file: Path = FILE) -> Run:
    """Return what the last run has found."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    return Run(**{**kept, "results": tuple(Result(**result) for result in kept["results"])})


class Recorder:
    """Writes what the reports of the tests have."""

    def __init__(self) -> None:
        self._results: list[Result] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the result of a test."""
        if report.when == "teardown":
            kept = [str(value) for name, value in report.user_properties if name == "interop"]
            self._results.extend(Result(**json.loads(result)) for result in kept)

    def pytest_sessionfinish(self) -> None:
        """Write the file, if anything was tried."""
        if self._results:
            run = Run(
                date=datetime.now(tz=UTC).date().isoformat(),
                server=__version__,
                transport=TRANSPORT,
                results=tuple(sorted(self._results, key=lambda result: (result.client, result.case))),
            )
            FILE.parent.mkdir(parents=True, exist_ok=True)
            FILE.write_text(json.dumps(asdict(run), indent=1) + "\n", encoding="utf-8")
