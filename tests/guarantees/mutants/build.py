"""Makes a server of its own of a mutant, in a folder that Python looks into first."""

import shutil
from pathlib import Path
from typing import Final

from tests.guarantees.mutants.mutants import Mutant

SERVER: Final = Path(__file__).parents[3] / "server" / "unisono" / "server"


def build(mutant: Mutant, folder: Path) -> dict[str, str]:
    """Copy the server, change it, and return the environment in which it runs."""
    server = folder / "unisono" / "server"
    shutil.copytree(SERVER, server, ignore=shutil.ignore_patterns("__pycache__"))
    file = server / mutant.file
    text = file.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.name}: {mutant.file} has changed; change the mutant, too"
    file.write_text(text.replace(mutant.old, mutant.new))
    return {"PYTHONPATH": str(folder)}
