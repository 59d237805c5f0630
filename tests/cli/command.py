"""Runs `unisono-server`: within this process, or as a process of its own where that matters."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from tests.support.processes import TIMEOUT
from unisono.server.cli import main


def run(*args: object, **environ: str) -> Result:
    """In this process, without the settings that the tests' own environment may hold."""
    ours = dict.fromkeys(name for name in os.environ if name.startswith("UNISONO_"))
    return CliRunner().invoke(main, [str(arg) for arg in args], env={**ours, **environ})


def process(*args: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a process, in this folder."""
    return subprocess.run(
        [sys.executable, "-m", "unisono.server", *map(str, args)],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("UNISONO_")},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def said(result: Result) -> str:
    """What a command that failed said, which is no traceback."""
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    return result.stderr
