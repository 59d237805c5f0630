"""Runs `unisono-server` as an operator does: in processes of its own, on real ports and files.

Depends on its command line and log only. Each process is ended by its own process id.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import tokens, transports

COMMAND: Final = (sys.executable, "-m", "unisono.server")

#: How long anything that is expected may take at most, in seconds. Nothing ever waits for this long: it is a
#: hundred times what things take, so that only what hangs is found out, on a machine that is busy, too.
TIMEOUT: Final = 120.0

Environment = Mapping[str, str]
Log = list[dict[str, Any]]

NOBODY: Final[Environment] = {}
"""Settings that declare no app and no issuer."""

TESTERS: Final[Environment] = {
    "UNISONO_APPS": json.dumps([{"app_id": app.app_id, "client_ids": app.client_ids} for app in tokens.APPS]),
    "UNISONO_ISSUERS": json.dumps(
        [{"issuer": tokens.ISSUER, "audience": tokens.AUDIENCE, "secret": tokens.SECRET}]
    ),
}
"""Settings that declare the apps and the issuer of `tests.support.tokens`."""

ONE_ADDRESS: Final[Environment] = {
    "UNISONO_CONNECTIONS_PER_ADDRESS": "100000",
    "UNISONO_OPENING_CONNECTIONS_PER_ADDRESS": "100000",
    "UNISONO_NEW_CONNECTIONS_PER_ADDRESS": "100000",
    "UNISONO_STRANGER_REQUESTS_PER_ADDRESS": "100000",
}
"""Settings for more clients on this machine than share an address elsewhere."""


class ServerProcess:
    """A server in a process of its own, and what it wrote to stderr.

    What a server writes is read a little later than it answers. So while it runs, one can only wait for
    that (`until`, `several_until`, `matching`, `wait_for`), and `log`, `output` and `entries` refuse until
    it has ended: what would be there by chance is not there at all.
    """

    def __init__(self, command: Sequence[str], env: Environment) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=_environment(env),
        )
        self._log: Log = []
        self._output = ""
        self._silent = False
        self._changed = threading.Condition()
        self._listener = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Return the exit status: None while it runs, negative when a signal ended it."""
        return self._process.poll()

    @property
    def address(self) -> str:
        """Wait until the server serves, and return its HOST:PORT."""
        return str(self.until("serving")["address"])

    @property
    def log(self) -> Log:
        """Return all log entries of a server that has ended."""
        self._hear_out()
        return self._log

    @property
    def output(self) -> str:
        """Return all that a server wrote that has ended."""
        self._hear_out()
        return self._output

    def entries(self, event: str) -> Log:
        """Return the log entries with this event of a server that has ended."""
        return entries(self.log, event)

    def until(self, event: str) -> dict[str, Any]:
        """Wait for a log entry with this event, and return the first; fails the test when none comes."""
        return self.several_until(event, 1)[0]

    def several_until(self, event: str, count: int) -> Log:
        """Wait for so many log entries with this event, and return all; fails the test when fewer come."""
        wanted = f"{event!r} {count} times" if count > 1 else repr(event)
        return entries(self.wait_for(lambda log: len(entries(log, event)) >= count, wanted), event)

    def wait_for(self, condition: Callable[[Log], bool], wanted: str = "what was waited for") -> Log:
        """Wait until a condition is met by the log, and return it; fails the test when it never is."""
        with self._changed:
            self._changed.wait_for(lambda: self._silent or condition(self._log), TIMEOUT)
            if not condition(self._log):
                pytest.fail(f"the server did not say {wanted}, but:\n{self._output}", pytrace=False)
            return self._log.copy()

    def matching(self, pattern: str) -> re.Match[str]:
        """Wait until the output has a match of `pattern`, and return it; fails the test when none comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._silent or re.search(pattern, self._output), TIMEOUT)
            found = re.search(pattern, self._output)
        if not found:
            pytest.fail(f"the server did not write {pattern!r}, but:\n{self._output}", pytrace=False)
        return found

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait for the end of the process and of its output, and return the exit status."""
        try:
            status = self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the server did not end, and said:\n{self._output}", pytrace=False)
        self._listener.join(TIMEOUT)
        return status

    def end(self) -> None:
        """Stop the server with SIGTERM if it still runs, and kill it if it does not end."""
        if self.status is None:
            self.signal(signal.SIGTERM)
        try:
            self.ended()
        finally:
            self._process.kill()
            self._process.wait()

    def _hear_out(self) -> None:
        assert self.status is not None, "the server runs: wait for what it is to write, or for its end"
        self._listener.join(TIMEOUT)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                with self._changed:
                    self._output += line
                    if line.startswith("{"):
                        self._log.append(json.loads(line))
                    self._changed.notify_all()
        with self._changed:
            self._silent = True
            self._changed.notify_all()


def entries(log: Log, event: str) -> Log:
    """Return the log entries with this event."""
    return [entry for entry in log if entry["event"] == event]


@contextmanager
def serving(
    store: Path, *flags: str | Path, env: Environment = TESTERS, under: Sequence[str] = ()
) -> Iterator[ServerProcess]:
    """Run a server on a free port, and yield it when it serves; `under` is a command to run it with."""
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
    """Run a command of `unisono-server` to its end, and return its result, whatever its status."""
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
    """Return the value of the setting `store` for a file."""
    return f"sqlite:///{store}"


def _environment(env: Environment) -> dict[str, str]:
    """Return the environment of the tests, with no other settings than those in `env`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("UNISONO_")}
    return {**inherited, "UNISONO_TRANSPORT": transports.NAME, **env}
