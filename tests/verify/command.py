"""Runs `unisono-verify`: within this process, or as a process of its own. Whatever is started here is ended
here.
"""

import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.commands import unisono
from tests.commands.unisono import environment
from tests.support import tokens
from tests.support.processes import TIMEOUT
from unisono.verify.cli import main

COMMAND: Final = (sys.executable, "-m", "unisono.verify.cli")

Ended = subprocess.CompletedProcess[str]


def within(*arguments: str, **changes: str) -> Ended:
    """Run a command to its end, within this process, whose log stays as it is."""
    logger = logging.getLogger("unisono.client")
    level = logger.level
    try:
        return unisono.within(main, *arguments, **changes)
    finally:
        logger.setLevel(level)


def run(*arguments: str, **changes: str) -> Ended:
    """Run a command to its end, as a process."""
    return subprocess.run(
        (*COMMAND, *arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env=environment(**changes),
        timeout=TIMEOUT,
        check=False,
    )


def at(address: str, *users: str) -> list[str]:
    """The arguments that a run of these users needs at a server of `tests.support.tokens`."""
    named = [f"--user={user}={tokens.device(user)}" for user in users]
    return ["--target", address, "--app-token", tokens.publisher(), *named]


@contextmanager
def started(*arguments: str) -> Iterator["RunningCommand"]:
    """Start a run."""
    run = RunningCommand(*arguments)
    try:
        yield run
    finally:
        run.end()


class RunningCommand:
    """A run that goes on. `said` is what it has told of itself, `report` what it has printed in the end."""

    def __init__(self, *arguments: str) -> None:
        self.progress = self.report = ""
        self._process = subprocess.Popen(
            (*COMMAND, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
        )

    def until(self, words: str) -> None:
        """Wait for a line with these words."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.progress += line
            if words in line:
                return
        raise AssertionError(f"{words!r} was not said, but: {self.progress}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait for its end, and return its status."""
        self.report, rest = self._process.communicate(timeout=TIMEOUT)
        self.progress += rest
        return self._process.returncode

    def end(self) -> None:
        """End it, if it still runs."""
        self._process.kill()
        self._process.communicate()
