"""A terminal of some size with `unisono` in it, what it shows, and a keyboard."""

import codecs
import os
import re
import signal
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from tests.commands.unisono import COMMAND, environment
from tests.support.processes import TIMEOUT

#: Makes the terminal that is named the controlling one, as a login does, and becomes the command.
_IN: Final = ("sh", "-c", 'exec "$@" <>"$0" >&0 2>&0')

_STYLES: Final = re.compile("\x1b\\[[0-9;]*m")
_HOME: Final = "\x1b[H"


class Terminal:
    """What a process in a terminal shows. `output` is all that it ever wrote."""

    def __init__(self, process: subprocess.Popen[bytes], ours: int, its: int) -> None:
        self.output = ""
        self._process = process
        self._ours = ours
        self._its = its
        self._written = threading.Condition()
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    @property
    def picture(self) -> str:
        """The last picture that is complete; all that was written, where it draws none."""
        *_, before, last = "", *self.output.split(_HOME)
        complete = last.count("\n") >= termios.tcgetwinsize(self._its)[0] - 1
        return _STYLES.sub("", last if complete or not before else before).replace("\r\n", "\n")

    @property
    def pictures(self) -> list[str]:
        """All that it has drawn."""
        return [_STYLES.sub("", drawn).replace("\r\n", "\n") for drawn in self.output.split(_HOME)]

    def shows(self, pattern: str) -> str:
        """Wait for a picture in which this can be found, and return it."""
        return self._until(lambda: re.search(pattern, self.picture, re.DOTALL), f"{pattern!r}")

    def hides(self, pattern: str) -> str:
        """Wait for a picture in which this cannot be found, and return it."""
        return self._until(lambda: not re.search(pattern, self.picture, re.DOTALL), f"no {pattern!r}")

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        termios.tcsetwinsize(self._ours, (rows, columns))

    def settings(self) -> list[object]:
        """How the terminal treats what is typed."""
        return termios.tcgetattr(self._its)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stopped(self) -> None:
        """Wait until Ctrl-Z has stopped the process."""
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        self._read_all("stopped")

    def ended(self) -> int:
        """Wait for the end of the process, and for the last that it wrote; returns the exit status."""
        status = self._process.wait(TIMEOUT)
        self._read_all("ended")
        return status

    def close(self) -> None:
        """End the process, if it still runs, and the terminal."""
        self._process.kill()
        self._process.wait()
        os.close(self._its)

    def _read_all(self, state: str) -> None:
        """Wait for all that was written before the process came into this state."""
        last = f"({self._process.pid} has {state})"
        os.write(self._its, last.encode())
        self._until(lambda: last in self.output, last)

    def _until(self, seen: Callable[[], object], what: str) -> str:
        with self._written:
            found = self._written.wait_for(seen, TIMEOUT)
            assert found, f"{what} was not shown, but:\n{self.picture}"
            return self.picture

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        # Linux tells the end with an error.
        with os.fdopen(self._ours, "rb", buffering=0) as terminal, suppress(OSError):
            while data := terminal.read(65536):
                with self._written:
                    self.output += decoder.decode(data)
                    self._written.notify_all()


@contextmanager
def terminal(
    *arguments: str, env: Mapping[str, str], columns: int = 80, rows: int = 24
) -> Iterator[Terminal]:
    """A command in a terminal of its own."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (rows, columns))
    known = environment(**{"TERM": "xterm-256color", **env})
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        if name not in env:
            known.pop(name, None)
    process = subprocess.Popen(
        (*_IN, os.ttyname(its), *COMMAND, *arguments), env=known, start_new_session=True
    )
    inside = Terminal(process, ours, its)
    try:
        yield inside
    finally:
        inside.close()
