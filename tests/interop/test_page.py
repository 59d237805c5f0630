"""The page of what clients of others do: it has all clients and cases, and shows what failed."""

import pytest

from tests.interop.clients import results
from tests.interop.clients.cases import CASES
from tests.interop.clients.client import FOLDER, clients
from tests.interop.clients.report import PAGE, page
from tests.interop.clients.results import Result, Run


def lines(*outcomes: Result) -> list[str]:
    return page(Run(date="2026-11-30", server="1.2.3", transport="http", results=outcomes)).splitlines()


def test_each_case_has_a_column_and_a_line_in_the_readme() -> None:
    columns = f"| client | {' | '.join(f'`{case}`' for case in CASES)} |"
    assert columns in PAGE.read_text(encoding="utf-8").splitlines()
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [case for case in CASES if f"\n| `{case}` |" not in readme] == []


def test_each_client_has_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONLY", raising=False)
    rows = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.count("|") == len(CASES) + 2
    ]
    assert len(rows) == len(clients()) + 2


def test_what_failed_says_so_and_why() -> None:
    told = lines(
        Result(client="tonic", case="batch", outcome=results.FAILED, reason="why", version="tonic 1"),
        Result(client="tonic", case="send", outcome=results.OK, version="tonic 1"),
    )
    (row,) = (line for line in told if line.startswith("| tonic 1 |"))
    assert row.startswith("| tonic 1 | ok | **failed** | not tried |")
    assert "- tonic, batch: failed; why" in told
    assert any(line.endswith("1 of 2 are ok.") for line in told)


def test_what_a_client_cannot_do_is_no_failure() -> None:
    told = lines(
        Result(client="buf", case="cancel", outcome=results.NOT_FOR_IT, reason="no", version="buf 1"),
        Result(client="buf", case="drain", outcome=results.NOT_FOR_IT, reason="no", version="buf 1"),
    )
    assert "- buf, cancel, drain: not for it; no" in told
    assert any(line.endswith("0 of 0 are ok.") for line in told)


def test_a_client_without_its_tools_is_named() -> None:
    told = lines(Result(client="java", case="send", outcome=results.NOT_TRIED, reason="there is no Maven"))
    (row,) = (line for line in told if line.startswith("| java |"))
    assert "ok" not in row
    assert "- java, send: not tried; there is no Maven" in told
