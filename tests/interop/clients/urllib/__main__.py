"""A client on Python's urllib: the options of every client."""

import argparse
import platform
import sys

from tests.interop.clients.client import LACKING
from tests.interop.clients.commands.tools import Failure
from tests.interop.clients.expectations import CaseFailed, NotForIt
from tests.interop.clients.urllib.cases import CASES, NOT_FOR_IT
from tests.interop.clients.urllib.service import HttpService


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--address")
    parser.add_argument("--case", choices=[*CASES, *NOT_FOR_IT])
    asked = parser.parse_args()
    if asked.version:
        sys.stdout.write(f"urllib of Python {platform.python_version()}, JSON and Server-Sent Events\n")
        return 0
    try:
        run(asked.address, asked.case)
    except NotForIt as why:
        sys.stderr.write(f"{why}\n")
        return LACKING
    except (CaseFailed, Failure) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    return 0


def run(address: str, case: str) -> None:
    """Run a case. Raises CaseFailed, NotForIt and Failure."""
    if case in NOT_FOR_IT:
        raise NotForIt(NOT_FOR_IT[case])
    CASES[case](HttpService(address))


if __name__ == "__main__":
    sys.exit(main())
