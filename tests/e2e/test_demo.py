"""The demo, as `make demo` runs it: it tells its story, ends by itself, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.connect_proxy import DEAD_PROXY

DEMO = Path(__file__).parents[2] / "clients" / "python" / "demo"


def environment(folder: Path) -> dict[str, str]:
    """That of a demo whose temporary files are in a folder of the test.

    As at a company, it has a proxy, which cannot lead to this machine.
    """
    return {**os.environ, "TMPDIR": str(folder), **DEAD_PROXY}


def assert_nothing_is_left(pid: int, folder: Path) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
    assert not list(folder.iterdir())


def test_in_a_terminal_it_is_a_picture_that_ends_in_unison(tmp_path: Path) -> None:
    # When the demo runs in a terminal that is just wide enough
    shown = shown_in_a_terminal(tmp_path, columns=80)

    # Then the three are side by side, each with what it has unread, and nothing is cut
    assert re.search("phone  1 unread .*laptop  1 unread .*browser  1 unread ", shown)
    assert "…" not in shown
    # And one goes dark, and the end is the same
    assert "○ offline" in shown
    assert "phone, laptop, browser and store: in unison." in shown


def test_in_a_narrow_terminal_it_is_lines_that_break_between_words(tmp_path: Path) -> None:
    shown = shown_in_a_terminal(tmp_path, columns=40)
    assert max(map(len, shown.splitlines())) <= 40
    told = " ".join(shown.split())
    assert "The backend sends two notifications to the user, not to any device." in told
    assert "phone = The build failed: unread, dismissed" in told
    assert "browser got 4 events for 10 changes, and rang for: Invoice due today" in told
    assert "laptop holds the same, 1 unread" in told
    assert told.endswith("phone, laptop, browser and store: in unison.")


def test_an_interrupt_ends_it_and_its_server(tmp_path: Path) -> None:
    # Given one that stays at its first step, whoever is slower than it
    with in_a_terminal(tmp_path, 80, pace="3600") as (demo, terminal):
        shown = b""
        while b"live" not in shown:
            came = read(terminal)
            assert came, shown.decode()
            shown += came
        demo.send_signal(signal.SIGINT)
        while read(terminal):
            pass
    assert demo.returncode != 0
    assert_nothing_is_left(demo.pid, tmp_path)


def shown_in_a_terminal(folder: Path, columns: int) -> str:
    """All that the demo, which must succeed, writes to a terminal of this width; without its colours."""
    with in_a_terminal(folder, columns, pace="0.05") as (demo, terminal):
        shown = b"".join(iter(partial(read, terminal), b"")).decode()
    assert demo.returncode == 0, shown
    assert_nothing_is_left(demo.pid, folder)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)


@contextmanager
def in_a_terminal(folder: Path, columns: int, pace: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the demo in a session and a terminal of its own, to its end; yield it, and the terminal to read."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (30, columns))
    env = {**environment(folder), "TERM": "xterm-256color"}
    env.pop("COLUMNS", None)
    with subprocess.Popen(
        (sys.executable, DEMO, "--pace", pace),
        stdin=its,
        stdout=its,
        stderr=its,
        env=env,
        start_new_session=True,
    ) as running:
        os.close(its)
        try:
            yield running, ours
        except BaseException:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
            raise
        finally:
            os.close(ours)


def read(terminal: int) -> bytes:
    """What comes next; nothing at the end, which Linux tells with an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
