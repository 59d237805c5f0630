"""The stubs load, without a warning, on the oldest grpcio and protobuf that they declare."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.packaging.environments import pip
from tests.packaging.sources import REQUIREMENTS, ROOT, build, pins

LOAD_ALL = """
import importlib, pathlib, sys
sys.path.insert(0, sys.argv[1])
import google.protobuf, grpc
stubs = sorted(path.stem for path in pathlib.Path(sys.argv[1], "unisono/v1").glob("*_pb2*.py"))
for stub in stubs:
    importlib.import_module(f"unisono.v1.{stub}")
print(grpc.__version__, google.protobuf.__version__, len(stubs))
"""


def test_the_stubs_load_on_the_lowest_runtime(tmp_path: Path) -> None:
    # Given: the wheel of the stubs beside the lowest versions, and nothing else
    site = tmp_path / "site"
    build("unisono-proto", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    lock = REQUIREMENTS / "lowest.txt"
    pip("--target", site, "--require-hashes", "--requirement", lock)
    pip("--target", site, "--no-deps", "--no-index", wheel)

    # When: an interpreter that sees only those loads every module, warnings being errors
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", LOAD_ALL, str(site)]
    done = subprocess.run(command, capture_output=True, text=True)

    # Then: it works, on those versions
    assert done.returncode == 0, done.stderr
    grpcio, protobuf, stubs = done.stdout.split()
    assert {"grpcio": grpcio, "protobuf": protobuf}.items() <= pins(lock).items()
    assert int(stubs) > 0


def test_the_lowest_lock_is_the_lowest_declared() -> None:
    project = tomllib.loads((ROOT / "generated/python/pyproject.toml").read_text())["project"]
    declared = dict(dependency.split(">=") for dependency in project["dependencies"])
    assert declared.items() <= pins(REQUIREMENTS / "lowest.txt").items()


@pytest.mark.parametrize("folder", ["clients/python", "server"])
def test_client_and_server_ask_for_no_older_runtime(folder: str) -> None:
    stubs = tomllib.loads((ROOT / "generated/python/pyproject.toml").read_text())["project"]
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    assert set(stubs["dependencies"]) <= set(project["dependencies"])


def test_the_stubs_are_generated_for_the_lowest_grpcio() -> None:
    stubs = (ROOT / "generated/python/unisono/v1").glob("*_pb2_grpc.py")
    versions = [re.findall(r"GRPC_GENERATED_VERSION = '(.+)'", path.read_text()) for path in stubs]
    lowest = pins(REQUIREMENTS / "lowest.txt")["grpcio"]
    assert versions
    assert all(version in ([], [lowest]) for version in versions)
