"""What a report says of a server is no way for the server to the terminal of whoever reads it."""

import json

import pytest

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.cli.report import Report
from unisono.verify.run_stats import RunStats
from unisono.verify.verdicts import Verdict

#: Clears the screen, reverses what follows, and breaks the line.
HARM = "mail\x1b[2J\x9b1m\u202etset\r\nowned"


@pytest.fixture
def report() -> Report:
    broken = BrokenPromise(promise="Exact", time=1.0, evidence=(f"the title is {HARM}", HARM))
    verdict = Verdict(promise="Exact", checks={"complete points": 1}, broken=broken)
    return Report(about={"app": HARM, HARM: [HARM]}, stats=RunStats(), verdicts=[verdict])


def test_people_get_no_character_that_controls(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    report.show(as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("owned") == 5
    assert not any(character in shown for character in "\x1b\x9b\u202e\r")
    assert f"{'app':<20} mail" in shown


def test_programs_get_it_escaped(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    report.show(as_json=True)
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert len(shown.splitlines()) == 1
    assert json.loads(shown)["app"] == HARM
