"""Makes a server that differs from the project's by a few lines, in a folder that Python looks into first."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SERVER: Final = ROOT / "server" / "unisono" / "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """In the file of the server, `old`, which is there once, becomes `new`."""

    file: str
    old: str
    new: str


def patched(patches: Sequence[Patch], folder: Path) -> dict[str, str]:
    """Copy the server, change it, and return the environment in which it runs.

    What replaces a line may import from the tests.
    """
    server = folder / "unisono" / "server"
    # What is compiled already is good for the copy, too; another process may be compiling just now.
    shutil.copytree(SERVER, server, ignore=shutil.ignore_patterns("*.pyc.*"))
    for patch in patches:
        file = server / patch.file
        text = file.read_text()
        assert text.count(patch.old) == 1, f"{patch.file} has changed; change its patch, too: {patch.old}"
        file.write_text(text.replace(patch.old, patch.new))
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
