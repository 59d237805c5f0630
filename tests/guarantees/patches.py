"""Makes a copy of the server that differs by a few lines, and the environment that runs it."""

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
    """Replaces `old`, which must occur once in this file of the server, by `new`."""

    file: str
    old: str
    new: str


def patched(patches: Sequence[Patch], folder: Path) -> dict[str, str]:
    """Copy the server to a folder, apply the patches, and return the environment that runs it.

    Patched lines may import from the tests. Fails when `old` of a patch does not occur exactly once.
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
