"""The release before this one: where it is in the history, what it made, and the environment that runs it.

It is unpacked below `.cache`, and runs on the libraries of this one's environment.
"""

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

COMMIT: Final = "b688eb26dc6e079c0acd9dc4bc9b97656228c8db"
VERSION: Final = "0.1.0"

CONTRACT_LEVEL: Final = 1
"""Up to where it knows the contract, which is `proto/released.binpb`."""

STORE_VERSION: Final = 10
"""The version of the stores that it makes."""

SOURCES: Final = ("generated/python", "server", "clients/python", "clients/verify")
"""The folders whose packages it consists of."""

ROOT: Final = Path(__file__).parents[2]
UNPACKED: Final = ROOT / ".cache" / "release_before"


def environment() -> Mapping[str, str]:
    """Return what a process needs to run its code and its stubs, and not those of this clone.

    Skips the test where the history is not there.
    """
    folder = UNPACKED / COMMIT
    if not folder.is_dir():
        _unpack(_archive(), folder)
    return {"PYTHONPATH": os.pathsep.join(str(folder / source) for source in SOURCES)}


def _archive() -> bytes:
    command = ("git", "-C", str(ROOT), "archive", COMMIT, *(f"{source}/unisono" for source in SOURCES))
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("without git there is no release before")
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode().strip()
        pytest.skip(f"the release before ({COMMIT}) is not in the history of {ROOT}: {said}")


def _unpack(archive: bytes, folder: Path) -> None:
    """Put the files there as a whole: another process may do the same just now."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=UNPACKED) as partial:
        files = Path(partial) / "files"
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(files, filter="data")
        try:
            files.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
