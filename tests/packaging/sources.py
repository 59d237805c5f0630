"""Where the parts of the repository lie, and what the packaging tests run on them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"

#: Each distribution, the folder of its project, and the one package that it holds.
DISTRIBUTIONS = {
    "unisono-proto": ("generated/python", "unisono/v1"),
    "unisono-client": ("clients/python", "unisono/client"),
    "unisono-verify": ("clients/verify", "unisono/verify"),
    "unisono-server": ("server", "unisono/server"),
}


def build(distribution: str, target: Path) -> None:
    """Build the wheel and the sdist of a distribution into the folder, without a network."""
    folder, _ = DISTRIBUTIONS[distribution]
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    done = subprocess.run(command, cwd=ROOT / folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def pins(lock: Path) -> dict[str, str]:
    """The versions that a lock file names, by distribution."""
    entries = [line for line in lock.read_text().splitlines() if line[:1].isalnum()]
    return dict(entry.split()[0].split("==") for entry in entries)
