"""What the project's CI does, so that the tests need not do again what it does."""

import re

from tests.docs.machine import ROOT
from tests.docs.running import NotAsWritten


def makes(commands: str) -> None:
    """These commands are all `make TARGET` of targets that CI makes."""
    targets = [re.fullmatch(r"make ([a-z-]+)", command) for command in commands.splitlines()]
    if not all(target and target[1] in _made() for target in targets):
        raise NotAsWritten(f"CI makes {_made()} and nothing else")


def installs(commands: str) -> None:
    """This command installs what CI installs, and nothing else."""
    command = re.fullmatch(r"sudo apt-get install -y (.*)\n", commands)
    needed = re.search(r"^needed=\((.*)\)$", _ci_run(), re.MULTILINE)
    if not (command and needed and set(command[1].split()) <= set(needed[1].split())):
        raise NotAsWritten("CI does not install this")


def _made() -> list[str]:
    """The targets that .ci/run makes."""
    prerequisites = re.search(r"^ci: (.*?) ##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return prerequisites[1].split() if prerequisites and "make ci" in _ci_run().splitlines() else []


def _ci_run() -> str:
    return (ROOT / ".ci/run").read_text()
