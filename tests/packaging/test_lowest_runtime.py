"""The oldest grpcio and protobuf are the same wherever they are declared; tests load the stubs on them."""

import re
import tomllib

import pytest

from tests.packaging.sources import REQUIREMENTS, ROOT, pins


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
