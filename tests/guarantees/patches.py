"""Makes a mirror of server or SDK that differs by a few lines, and the environment that runs it."""

import ast
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

#: The packages that can be patched, below the namespace `unisono`.
PACKAGES: Final = {
    "server": ROOT / "server" / "unisono" / "server",
    "client": ROOT / "clients" / "python" / "unisono" / "client",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Replaces `old`, which must occur once in this file of a package, by `new`."""

    file: str
    old: str
    new: str
    package: str = "server"

    @property
    def path(self) -> Path:
        """Return the path of the file that is patched in a mirror."""
        return PACKAGES[self.package] / self.file

    def applied(self, text: str) -> str:
        """Return the text of the file with the patch in it. Fails as `patched`."""
        assert text.count(self.old) == 1, f"{self.file} has changed; change its patch, too: {self.old}"
        text = text.replace(self.old, self.new)
        if self.file.endswith(".py"):
            ast.parse(text, self.file)
        return text


def patched(patches: Sequence[Patch], folder: Path) -> dict[str, str]:
    """Mirror the packages that are patched in a folder, and return the environment that runs the mirrors.

    Patched lines may import from the tests. Fails when `old` of a patch does not occur exactly once, and
    when what comes out is no Python: a server that does not even start breaks no promise.
    """
    for package in {patch.package for patch in patches}:
        # What is compiled already is good for the mirror, too; another process may be compiling just now.
        ignored = shutil.ignore_patterns("*.pyc.*")
        mirror = folder / "unisono" / package
        shutil.copytree(PACKAGES[package], mirror, ignore=ignored, copy_function=os.symlink)
    for patch in patches:
        path = folder / "unisono" / patch.package / patch.file
        text = patch.applied(path.read_text())
        path.unlink()
        path.write_text(text)
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
