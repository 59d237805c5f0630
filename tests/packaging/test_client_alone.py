"""The wheel of the client, alone in an empty environment: it brings little, and works against the server."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.packaging.environments import constraints, empty, pip, run
from tests.packaging.sources import REQUIREMENTS, ROOT, build, pins
from tests.support import tokens
from tests.support.processes import serving

INSTALLED = """
from importlib.metadata import distributions
print(*sorted(d.metadata["Name"].lower() for d in distributions()))
"""

#: What the stubs and the SDK need, what the command needs, and what rich and grpcio bring along.
BROUGHT = {
    *("unisono-client", "unisono-proto", "grpcio", "protobuf", "googleapis-common-protos"),
    *("click", "rich"),
    *("markdown-it-py", "mdurl", "pygments", "typing-extensions", "typing_extensions"),
}

ROUND_TRIP = """
import asyncio, sys
import google.protobuf, grpc
from unisono.client import Device, Platform, Publisher, Status

async def main(target, app_token, user_token):
    async with Publisher(target, app_token) as publisher:
        async with Device(target, user_token, endpoint_id="d", platform=Platform.LINUX) as device:
            await device.wait_for(lambda device: device.status is Status.LIVE)
            events = device.events()
            await publisher.send("ada", title="It works")
            event = await anext(events)
            print(grpc.__version__, google.protobuf.__version__, event.ring, event.notification.title)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for distribution in ("unisono-proto", "unisono-client"):
        build(distribution, folder)
    return folder


def installed(wheels: Path, folder: Path, versions: dict[str, str]) -> Path:
    """An environment with the client, in these versions of what it needs."""
    environment = empty(folder / "environment")
    held = constraints(folder / "constraints.txt", versions)
    pip("--find-links", wheels, "--constraint", held, "unisono-client", into=environment)
    return environment


def declared_lowest() -> dict[str, str]:
    project = tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]
    return dict(needed.split(">=") for needed in project["dependencies"] if ">=" in needed)


def test_it_brings_three_libraries_and_what_its_command_needs(wheels: Path, tmp_path: Path) -> None:
    # Given the wheel, installed into nothing
    environment = installed(wheels, tmp_path, pins(REQUIREMENTS / "run.txt"))
    brought = set(run(environment, "python", "-c", INSTALLED).stdout.split())
    assert {"unisono-client", "grpcio", "protobuf", "googleapis-common-protos"} <= brought <= BROUGHT

    # When its command sends to a server, then the server has it
    with serving(tmp_path / "s.db") as server:
        known = {"UNISONO_TARGET": server.address, "UNISONO_TOKEN": tokens.publisher()}
        sent = run(environment, "unisono", "send", "ada", "It works", "--json", **known)
        assert (sent.returncode, sent.stderr) == (0, "")
        listed = run(environment, "unisono", "list", "--user", "ada", "--json", **known)
        assert (listed.returncode, listed.stderr) == (0, "")
    assert json.loads(listed.stdout)["id"] == json.loads(sent.stdout)["id"]


def test_the_sdk_works_on_the_lowest_runtime_that_is_declared(wheels: Path, tmp_path: Path) -> None:
    # Given the client on the oldest version of everything that it accepts
    lowest = declared_lowest()
    environment = installed(wheels, tmp_path, lowest)

    # When a device listens and a backend sends, then the device hears of it, without a warning
    with serving(tmp_path / "s.db") as server:
        arguments = (server.address, tokens.publisher(), tokens.device("ada"))
        done = run(environment, "python", "-c", ROUND_TRIP, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split(maxsplit=3) == [lowest["grpcio"], lowest["protobuf"], "True", "It works\n"]
