"""A client that is a command: TOOL PROGRAM, and the options of every client."""

import argparse
import sys

from tests.interop.clients.client import LACKING
from tests.interop.clients.commands.cases import CASES, NOT_FOR_COMMANDS
from tests.interop.clients.commands.process import CommandService
from tests.interop.clients.commands.tools import TOOLS, Failure, Tool
from tests.interop.clients.expectations import CaseFailed, NotForIt


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("program")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--address")
    parser.add_argument("--case", choices=[*CASES, *NOT_FOR_COMMANDS])
    asked = parser.parse_args()
    tool = TOOLS[asked.tool](asked.program)
    if asked.version:
        sys.stdout.write(f"{tool.version()}\n")
        return 0
    try:
        run(tool, asked.address, asked.case)
    except NotForIt as why:
        sys.stderr.write(f"{why}\n")
        return LACKING
    except (CaseFailed, Failure) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    return 0


def run(tool: Tool, address: str, case: str) -> None:
    """Run a case. Raises CaseFailed, NotForIt and Failure."""
    if why := NOT_FOR_COMMANDS.get(case) or tool.not_for_it.get(case):
        raise NotForIt(why)
    CASES[case](CommandService(tool, address))


if __name__ == "__main__":
    sys.exit(main())
