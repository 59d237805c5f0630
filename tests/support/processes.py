"""Servers and commands as an operator runs them: processes of their own, on real ports and real files.

Knows the command line and the log of `unisono-server`, and nothing of its inside. Whatever is started
here is ended here, by its own process id.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import tokens

COMMAND: Final = (sys.executable, "-m", "unisono.server")

#: How long anything that is expected may take at most, in seconds. Nothing ever waits for this long: it is a
#: hundred times what things take, so that only what hangs is found out, on a machine that is busy, too.
TIMEOUT: Final = 120.0

Environment = Mapping[str, str]

NOBODY: Final[Environment] = {}
"""No app and no issuer is declared."""

TESTERS: Final[Environment] = {
    "UNISONO_APPS": json.dumps([{"app_id": app.app_id, "client_ids": app.client_ids} for app in tokens.APPS]),
    "UNISONO_ISSUERS": json.dumps(
        [{"issuer": tokens.ISSUER, "audience": tokens.AUDIENCE, "secret": tokens.SECRET}]
    ),
}
"""The apps and the issuer of `tests.support.tokens` are declared."""


class ServerProcess:
    """A server in a process of its own. `log` holds its entries, `said` all that it wrote to stderr."""

    def __init__(self, command: Sequence[str], env: Environment) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=_environment(env),
        )
        self.log: list[dict[str, Any]] = []
        self.output = ""
        self._silent = False
        self._changed = threading.Condition()
        self._listener = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status, once it has ended; that of a signal is negative."""
        return self._process.poll()

    @property
    def address(self) -> str:
        """HOST:PORT, once it serves."""
        return str(self.until("serving")["address"])

    def until(self, event: str) -> dict[str, Any]:
        """Wait for an entry of the log with this event; fails the test when it does not come."""
        with self._changed:
            self._changed.wait_for(lambda: self._silent or self.entries(event), TIMEOUT)
            found = self.entries(event)
        if not found:
            pytest.fail(f"the server did not say {event!r}, but:\n{self.output}", pytrace=False)
        return found[0]

    def matching(self, pattern: str) -> re.Match[str]:
        """Wait until what it wrote, in whatever form, has this; fails the test when that does not come."""
        with self._changed:
            self._changed.wait_for(lambda: self._silent or re.search(pattern, self.output), TIMEOUT)
            found = re.search(pattern, self.output)
        if not found:
            pytest.fail(f"the server did not write {pattern!r}, but:\n{self.output}", pytrace=False)
        return found

    def entries(self, event: str) -> list[dict[str, Any]]:
        """The entries of the log with this event, so far."""
        return [entry for entry in self.log if entry["event"] == event]

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait for its end, and for the last that it says; returns the exit status."""
        try:
            status = self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the server did not end, and said:\n{self.output}", pytrace=False)
        self._listener.join(TIMEOUT)
        return status

    def end(self) -> None:
        """Stop it, if it still runs."""
        if self.status is None:
            self.signal(signal.SIGTERM)
        try:
            self.ended()
        finally:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                with self._changed:
                    self.output += line
                    if line.startswith("{"):
                        self.log.append(json.loads(line))
                    self._changed.notify_all()
        with self._changed:
            self._silent = True
            self._changed.notify_all()


@contextmanager
def serving(
    store: Path, *flags: str | Path, env: Environment = TESTERS, under: Sequence[str] = ()
) -> Iterator[ServerProcess]:
    """A server on a port of its own that serves; `under` is a command that runs it."""
    listen = ("--listen", "127.0.0.1:0", "--log-format", "json")
    command = (*under, *COMMAND, "serve", *listen, "--store", url(store), *map(str, flags))
    server = ServerProcess(command, env)
    try:
        server.until("serving")
        yield server
    finally:
        server.end()


def run(
    *arguments: str | Path, env: Environment = TESTERS, under: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command of `unisono-server` to its end."""
    command = (*under, *COMMAND, *map(str, arguments))
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=_environment(env),
        timeout=TIMEOUT,
    )


def url(store: Path) -> str:
    """The setting `store` of a file."""
    return f"sqlite:///{store}"


def _environment(env: Environment) -> dict[str, str]:
    """That of the tests, where the settings are those of `env` alone."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("UNISONO_")}
    return {**inherited, **env}
