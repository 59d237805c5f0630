"""`make test-loaded` runs what it is given beside busy loops, reports each run, and leaves no loop behind."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.packaging.sources import ROOT
from tests.support.processes import TIMEOUT

LOADED = ROOT / "scripts" / "loaded"


def loops_in(lines: str) -> list[int]:
    """The ids of the busy loops that the script has told of."""
    told = re.findall("the busy loops are (.*)", lines)
    return [int(number) for line in told for number in line.split()]


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [("pass", 0, "3 of 3 runs passed"), ("raise SystemExit(3)", 1, "0 of 3 runs passed")],
    ids=["passes", "fails"],
)
def test_each_run_has_four_loops_beside_it_and_is_reported(ending: str, status: int, said: str) -> None:
    command = (LOADED, sys.executable, "-c", ending)
    script = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines, _ = script.communicate(timeout=TIMEOUT)
    assert script.returncode == status
    assert lines.splitlines()[-1].startswith(said)
    assert lines.count("FAILED with status 3") == (0 if status == 0 else 6)
    loops = loops_in(lines)
    assert (len(loops), [loop for loop in loops if runs(loop)]) == (12, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_ends_it_ends_the_loops(number: signal.Signals) -> None:
    command = (LOADED, sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(20)")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as script:
        assert script.stdout is not None
        lines = ""
        while "begun" not in lines:
            assert script.poll() is None
            lines += script.stdout.readline()
        loops = loops_in(lines)
        assert [runs(loop) for loop in loops] == [True] * 4
        script.send_signal(number)
        script.communicate(timeout=TIMEOUT)
    assert script.returncode != 0
    assert [loop for loop in loops if runs(loop)] == []
