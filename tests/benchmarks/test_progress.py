"""While a run goes on it can be seen how far it is, and what is run now."""

import io

from rich.console import Console

from benchmarks.cli.progress import BarReporter, progress_reporter
from tests.benchmarks.fakes import group


def test_bars_say_what_is_run_and_how_far_all_are() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    with progress_reporter(console, 2) as reporter:
        assert isinstance(reporter, BarReporter)
        reporter.group_started(group(name="first"))
        reporter.group_ended()
        reporter.group_started(group(name="second"))
        reporter.workload_started("a_send", 1, 2)
        reporter.workload_ended("a_send", True)
    last = screen.getvalue().rpartition("all ")[2]
    assert " 75%" in last
    assert "second " in last
    assert " 50%" in last
    assert "a send, once more" in last


def test_servers_take_a_while_to_end() -> None:
    screen = io.StringIO()
    with progress_reporter(
        Console(file=screen, force_terminal=True, width=100, color_system=None), 1
    ) as reporter:
        reporter.group_started(group())
        reporter.workload_started("send", 1, 2)
        reporter.workload_ended("send", False)
    last = screen.getvalue().rpartition("fake ")[2]
    assert "100%" in last
    assert "ending" in last


def test_elsewhere_there_is_a_line_for_each_group() -> None:
    said = io.StringIO()
    with progress_reporter(Console(file=said), 2) as reporter:
        reporter.group_started(group(name="first"))
        reporter.workload_started("send", 0, 2)
        reporter.workload_ended("send", False)
        reporter.group_ended()
    assert said.getvalue() == "first: The group first\n"
