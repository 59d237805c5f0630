"""Makes a mirror of the server that differs by a few lines, and the environment that runs it."""

import ast
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

    def applied(self, text: str) -> str:
        """Return the text of the file with the patch in it. Fails as `patched`."""
        assert text.count(self.old) == 1, f"{self.file} has changed; change its patch, too: {self.old}"
        text = text.replace(self.old, self.new)
        ast.parse(text, self.file)
        return text


def patched(patches: Sequence[Patch], folder: Path) -> dict[str, str]:
    """Mirror the server in a folder, apply the patches, and return the environment that runs it.

    Patched lines may import from the tests. Fails when `old` of a patch does not occur exactly once, and
    when what comes out is no Python: a server that does not even start breaks no promise.
    """
    server = folder / "unisono" / "server"
    # What is compiled already is good for the mirror, too; another process may be compiling just now.
    shutil.copytree(SERVER, server, ignore=shutil.ignore_patterns("*.pyc.*"), copy_function=os.symlink)
    for patch in patches:
        text = patch.applied((server / patch.file).read_text())
        (server / patch.file).unlink()
        (server / patch.file).write_text(text)
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
