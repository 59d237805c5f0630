"""While a run goes on it can be seen how far it is: as a bar on a terminal, as lines elsewhere."""

import io
import re

import pytest
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.cli.progress import BarReporter, LineReporter, progress_reporter
from unisono.verify.history import History, Principal, Stream

PRINCIPAL = Principal(app_id="app.test", user_id="ada")


@pytest.fixture
def history() -> History:
    stream = Stream(principal=PRINCIPAL, request=pb.SubscribeRequest(), began=0.0)
    return History(streams=[stream] * 3)


def test_a_bar_grows_while_traffic_flows(history: History) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[so_far]}"))
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        bar = BarReporter(history, progress)
        bar.stage("traffic", 60.0)
        bar.update()
        progress.refresh()
        assert 0 < progress.tasks[0].percentage < 50
    assert re.search("traffic .* 0 calls, 3 streams", screen.getvalue())


def test_lines_say_what_begins_and_how_much_there_was(history: History) -> None:
    said = io.StringIO()
    lines = LineReporter(history, Console(file=said, highlight=False))
    lines.stage("traffic", 60.0)
    lines.update()
    lines.stage("coming to rest")
    assert said.getvalue() == "traffic for 60 s\n  0 calls, 3 streams\ncoming to rest\n"


@pytest.mark.parametrize(("quiet", "said"), [(False, "judging\n"), (True, "")])
def test_programs_are_told_nothing(
    history: History, capsys: pytest.CaptureFixture[str], quiet: bool, said: str
) -> None:
    with progress_reporter(history, quiet=quiet) as reporter:
        reporter.stage("judging")
    assert capsys.readouterr() == ("", said)


def test_on_a_terminal_there_is_a_bar(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_reporter(history, quiet=True) as reporter:
        assert isinstance(reporter, BarReporter)
