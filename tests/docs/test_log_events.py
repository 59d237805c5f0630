"""What an operator does about each warning and error of the log is in the docs: all, and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs.machine import ROOT

SERVER: Final = ROOT / "server/unisono/server"
PAGE: Final = ROOT / "docs/monitoring.md"

#: What a method of a logger is called, and which level its lines have.
LEVELS: Final = {
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
    "fatal": "critical",
}
QUIET: Final = {"debug", "info", "bind", "new", "unbind", "is_enabled_for"}
#: Logs the event that it is made with, as a warning.
FAILURE_LOG: Final = "FailureLog"

ROW: Final = re.compile(r"\| `(?P<event>[^`]+)` \| (?P<level>\w+) \| (?P<means>[^|]+) \| (?P<do>[^|]+) \|")


class Unreadable(Exception):
    """An event is made of parts that only a running server knows, so that nobody can look it up."""


def events_of(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the events of a module that are worse than information, and their levels."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if name == FAILURE_LOG:
                yield text_of(node), "warning"
            case ast.Attribute(value=ast.Name(id="log"), attr=method) if method in LEVELS:
                yield text_of(node), LEVELS[method]
            case ast.Attribute(value=ast.Name(id="log"), attr=method) if method not in QUIET:
                raise Unreadable(ast.unparse(node))


def text_of(call: ast.Call) -> str:
    """The event of a call, which has to be written out."""
    match call.args:
        case [ast.Constant(value=str(text)), *_]:
            return text
    raise Unreadable(ast.unparse(call))


def loggers_of(module: ast.Module) -> Iterator[str]:
    """Yield how the loggers of a module are called."""
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Attribute(attr="get_logger"))):
                yield ast.unparse(target)


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SERVER.rglob("*.py")):
        yield path.relative_to(SERVER), ast.parse(path.read_text())


def events() -> set[tuple[str, str]]:
    """All events of the server, but that of the class which is given its own."""
    return {
        found for path, module in modules() if path != Path("failure_log.py") for found in events_of(module)
    }


def documented() -> list[re.Match[str]]:
    _, _, table = PAGE.read_text().partition("| event | level | what it means | what to do |\n")
    rows = table.partition("\n\n")[0].splitlines()[1:]
    found = [ROW.fullmatch(row) for row in rows]
    assert all(found), [row for row, match in zip(rows, found, strict=True) if match is None]
    return [match for match in found if match]


def test_each_is_in_the_docs_and_nothing_else() -> None:
    assert {(row["event"], row["level"]) for row in documented()} == events()


def test_each_is_there_once_and_in_order() -> None:
    told = [row["event"].casefold() for row in documented()]
    assert told == sorted(set(told))


def test_all_loggers_have_the_name_that_is_looked_for() -> None:
    assert {name for _, module in modules() for name in loggers_of(module)} == {"log"}


@pytest.mark.parametrize(
    "source",
    [
        'log.warning(f"{what} failed")',
        "log.error(text)",
        "FailureLog(text)",
        "log.error()",
        "log.log(40, 'x')",
    ],
)
def test_an_event_that_is_not_written_out_is_found(source: str) -> None:
    with pytest.raises(Unreadable):
        list(events_of(ast.parse(source)))


def test_what_is_looked_for_is_found() -> None:
    source = 'log.warning("one", a=1)\nlog.exception("two")\nFailureLog("three")\nlog.info("four")'
    assert set(events_of(ast.parse(source))) == {("one", "warning"), ("two", "error"), ("three", "warning")}
