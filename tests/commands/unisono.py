"""Runs `unisono`: within this process, or as a process of its own, which takes forty times as long, where
that matters: for signals, pipes, terminals, locales, and what gRPC writes. Whatever starts here ends here.
"""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import pytest

from tests.support.processes import TIMEOUT
from unisono.client.cli import main

COMMAND: Final = (sys.executable, "-m", "unisono.client.cli")

Ended = subprocess.CompletedProcess[str]


#: Where commands keep what is of this installation: not in the home of whoever runs the tests.
STATE: Final = {"XDG_STATE_HOME": str(Path(__file__).parents[2] / ".cache" / "state")}


def environment(**changes: str) -> dict[str, str]:
    """That of the tests, without settings of the command, and with a time and a locale that are known."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("UNISONO_")}
    return {**inherited, "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "80", **STATE, **changes}


def run(*arguments: str, stdin: str = "", **changes: str) -> Ended:
    """Run a command to its end, within this process."""
    return within(main, *arguments, stdin=stdin, **changes)


def process(*arguments: str, stdin: str = "", **changes: str) -> Ended:
    """Run a command to its end, as a process."""
    return subprocess.run(
        (*COMMAND, *arguments),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=environment(**changes),
        timeout=TIMEOUT,
        check=False,
    )


def within(main: Callable[[], None], *arguments: str, stdin: str = "", **changes: str) -> Ended:
    """Run the `main` of a command within this process, as if it were one of its own."""
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        environ(environment(**changes)),
        patch.object(sys, "argv", ["unisono", *arguments]),
        patch.object(sys, "stdin", given),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))
    status = ended.value.code
    assert isinstance(status, int)
    return Ended(arguments, status, said, complained)


@contextmanager
def environ(values: Mapping[str, str]) -> Iterator[None]:
    """Have exactly this environment, and its time zone."""
    try:
        with patch.dict(os.environ, values, clear=True):
            time.tzset()
            yield
    finally:
        time.tzset()


#: The end of what a send says that found no device of the user.
NOBODY = "no device yet: it waits until one comes"


def objects(text: str) -> list[dict[str, Any]]:
    """The objects of lines of JSON."""
    return [json.loads(line) for line in text.splitlines()]


class Cli:
    """Commands at a server, with a token."""

    def __init__(self, target: str, token: str) -> None:
        self.access: Mapping[str, str] = {"UNISONO_TARGET": target, "UNISONO_TOKEN": token}

    def run(self, *arguments: str, stdin: str = "", **changes: str) -> Ended:
        return run(*arguments, stdin=stdin, **{**self.access, **changes})

    def process(self, *arguments: str, stdin: str = "", **changes: str) -> Ended:
        return process(*arguments, stdin=stdin, **{**self.access, **changes})

    def stdout(self, *arguments: str, **changes: str) -> str:
        """What a command that succeeds prints; it has nothing to complain about but that nobody is there."""
        ended = self.run(*arguments, **changes)
        complained = [line for line in ended.stderr.splitlines() if NOBODY not in line]
        assert (ended.returncode, complained) == (0, [])
        return ended.stdout

    def json_lines(self, *arguments: str) -> list[dict[str, Any]]:
        """The same, for programs."""
        return objects(self.stdout(*arguments, "--json"))

    @contextmanager
    def started(self, *arguments: str, **changes: str) -> Iterator["RunningCommand"]:
        """Start a command that stays."""
        started = RunningCommand(arguments, environment(**{**self.access, **changes}))
        try:
            yield started
        finally:
            started.end()


class RunningCommand:
    """A command that runs; `out` and `err` are the lines that it has said."""

    def __init__(self, arguments: tuple[str, ...], env: dict[str, str]) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self._process = subprocess.Popen(
            (*COMMAND, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=env,
        )
        self._said = threading.Condition()
        streams = ((self._process.stdout, self.out), (self._process.stderr, self.err))
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in streams]
        for reader in self._readers:
            reader.start()

    def until(self, words: str) -> str:
        """Wait for a line with these words, on either output."""
        with self._said:
            self._said.wait_for(lambda: self._found(words) is not None, TIMEOUT)
            found = self._found(words)
        assert found is not None, f"{words!r} was not said, but: {self.out} {self.err}"
        return found

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ends_within(self, seconds: float) -> bool:
        """Return whether it ends in so much time, which is all waited for where it does not."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ended(self) -> int:
        """Wait for its end, and return its status."""
        status = self._process.wait(TIMEOUT)
        for reader in self._readers:
            reader.join(TIMEOUT)
        return status

    def end(self) -> None:
        """End it, if it still runs."""
        self._process.kill()
        self.ended()

    def _found(self, words: str) -> str | None:
        return next((line for line in self.out + self.err if words in line), None)

    def _read(self, stream: Any, lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self._said:
                    lines.append(line.rstrip("\n"))
                    self._said.notify_all()


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}
