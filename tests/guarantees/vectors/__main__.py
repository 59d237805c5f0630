"""The commands behind `make vectors` and the tests: `write` writes all files anew, `replay` tries the SDK.

`replay` ends with the first vector that the SDK does not do as expected, and status 1.
"""

import asyncio
import sys

from tests.guarantees.vectors.files import FILES, path_of, vectors, written
from tests.guarantees.vectors.replay import replay


async def main(command: str) -> str:
    """Run a command, and return what is wrong; empty if nothing is."""
    if command == "replay":
        for name, steps in vectors():
            if problem := await replay(steps):
                return f"{name}, {problem}"
        return ""
    for number in range(FILES):
        path_of(number).write_text(await written(number))
    return ""


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])) or 0)
