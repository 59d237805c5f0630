"""The files of `tests/vectors`: 100 vectors each, one a line. See `README.md` there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.guarantees.vectors.history import History
from tests.guarantees.vectors.marks import Unclear
from tests.guarantees.vectors.steps import Step

FOLDER: Final = Path(__file__).parents[2] / "vectors"

FILES: Final = 20
PER_FILE: Final = 100

#: Seeds for each file: those whose vectors are long are left out, but for one in ten.
_SEEDS: Final = 1_000
_LONG: Final = 3_000


async def written(number: int) -> str:
    """Return the text of a file, from 0."""
    lines: list[str] = []
    for seed in range(number * _SEEDS, (number + 1) * _SEEDS):
        try:
            steps = await History(seed).write()
        except Unclear:
            continue
        line = json.dumps({"name": f"seed {seed}", "steps": steps}, separators=(",", ":"))
        if len(line) <= _LONG or seed % 10 == 0:
            lines.append(line)
        if len(lines) == PER_FILE:
            return "[\n" + ",\n".join(lines) + "\n]\n"
    raise AssertionError("there are too few seeds")


def path_of(number: int) -> Path:
    """Return the path of a file."""
    return FOLDER / f"device-{number:02}.json"


def vectors() -> Iterator[tuple[str, list[Step]]]:
    """Yield name and steps of all vectors that are there."""
    for path in sorted(FOLDER.glob("*.json")):
        for vector in json.loads(path.read_text()):
            yield vector["name"], vector["steps"]
