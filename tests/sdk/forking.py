"""Programs that fork, and say how each of their children ended."""

import pytest

#: Forks for each child, one after the other. Whatever hangs is ended by SIGALRM.
CHILDREN = """
import asyncio, gc, os, signal, sys, threading
from unisono.client import BlockingPublisher, Device, Platform, Publisher, Status, UnisonoError

target, rounds = sys.argv[1], int(sys.argv[2])

def in_child(work):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        work()
        sys.exit()
    print(work.__name__, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

few_and_many = pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.thorough)])


def statuses(said: str) -> set[str]:
    """Return the exit statuses of the children of a program, by what it printed."""
    return {line.split()[1] for line in said.splitlines()}
