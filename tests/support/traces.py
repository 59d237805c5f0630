"""Traces the system calls of a process with strace, and reads the trace."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

#: How a server receives and sends: with grpcio, on asyncio's loop, on uvloop.
RECEIVE = ("recvmsg", "recvfrom", "read")
SEND = ("sendmsg", "sendto", "write", "writev")
CALLS = (*RECEIVE, "pwrite64", "fdatasync", *SEND)

_WHOLE = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<text>.*)\) += (?P<result>-?\d+).*")
_BEGUN = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<text>.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<text>.*)\) += (?P<result>-?\d+).*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCall:
    """A system call that returned. `began` and `ended` are lines of the trace, `text` is its arguments."""

    name: str
    text: str
    result: int
    began: int
    ended: int


def tracer(output: Path, calls: Sequence[str] = CALLS) -> tuple[str, ...]:
    """Return a command that runs another one and traces its `calls`; the other one keeps its process id.

    Without strace, skips the test, but fails it in CI.
    """
    if shutil.which("strace") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("strace is not installed")
    quick = ("--daemonize", "--follow-forks", "--seccomp-bpf")
    return ("strace", *quick, "-y", "-s", "65536", "-e", f"trace={','.join(calls)}", "-o", str(output))


def system_calls(output: Path) -> Iterator[SystemCall]:
    """Yield the calls of a trace, in the order in which they returned."""
    begun: dict[str, tuple[int, str]] = {}
    for place, line in enumerate(output.read_text(encoding="ascii").splitlines()):
        if whole := _WHOLE.fullmatch(line):
            yield _call(whole, whole["text"], place, place)
        elif half := _BEGUN.fullmatch(line):
            begun[half["thread"]] = place, half["text"]
        elif rest := _RESUMED.fullmatch(line):
            began, text = begun.pop(rest["thread"])
            yield _call(rest, text + rest["text"], began, place)


def _call(line: re.Match[str], text: str, began: int, ended: int) -> SystemCall:
    return SystemCall(name=line["name"], text=text, result=int(line["result"]), began=began, ended=ended)
