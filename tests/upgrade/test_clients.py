"""Clients of the release before at this server, and those of this one at that: all they are for works."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.commands import unisono
from tests.commands.unisono import Cli
from tests.support import tokens
from tests.support.processes import TESTERS, TIMEOUT, serving
from tests.upgrade import core_calls
from tests.upgrade.releases import BEFORE, THIS, environment
from tests.verify import command as verify
from unisono.client import Device, FileStorage, Platform

#: What the calls of `core_calls` come to, whichever release makes and answers them.
EXPECTED: Final[Any] = {
    "held": [],
    "sent": {
        "deduplicated": [False, True, True],
        "received": [["CREATED", True, "Parcel", "https://post.test/7"], ["CREATED", False, "Kept", ""]],
        "endpoints": ["phone"],
    },
    "handled": {
        "changed": 1,
        "read": True,
        "listed": ["Kept", "Parcel, again"],
        "history": ["Kept", "Parcel, again"],
        "agree": True,
    },
    "refused": {
        "no title": ["InvalidRequest", "INVALID_REQUEST", True],
        "unknown": ["NotFound", "NOTIFICATION_NOT_FOUND", True],
        "conflict": ["KeyConflict", "KEY_CONFLICT", True],
        "token": ["Unauthenticated", "TOKEN_INVALID", True],
        "somebody else's": ["PermissionDenied", "USER_MISMATCH", True],
    },
    "left": {"held": ["Kept"], "removed": 0},
}

#: No server listens there.
NOWHERE: Final = "127.0.0.1:1"


@pytest.fixture(params=[(BEFORE, THIS), (THIS, BEFORE)], ids=lambda pair: "{} at {}".format(*pair))
def releases(request: pytest.FixtureRequest) -> tuple[str, str]:
    """That of the clients, and that of the server."""
    client, server = request.param
    return client, server


@pytest.fixture
def client(releases: tuple[str, str]) -> dict[str, str]:
    """What a process needs to be a client of its release."""
    return dict(environment(releases[0]))


@pytest.fixture
def address(releases: tuple[str, str], tmp_path: Path) -> Iterator[str]:
    """A server of the other release."""
    with serving(tmp_path / "unisono.db", env={**TESTERS, **environment(releases[1])}) as server:
        yield server.address


async def test_the_sdk(address: str, client: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "inbox"
    access = (address, tokens.publisher(), tokens.device())
    done = subprocess.run(
        (sys.executable, core_calls.__file__, *access, str(file)),
        capture_output=True,
        text=True,
        env=unisono.environment(**client),
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == EXPECTED

    # What a device has saved, the SDK of this release reads.
    device = Device(
        NOWHERE, tokens.device(), endpoint_id="phone", platform=Platform.LINUX, storage=FileStorage(file)
    )
    async with device:
        assert [row.title for row in device.notifications] == EXPECTED["left"]["held"]


def test_the_command(address: str, client: dict[str, str]) -> None:
    app, ada, nobody = (Cli(address, token) for token in (tokens.publisher(), tokens.device(), "nobody"))

    def run(cli: Cli, *arguments: str) -> unisono.Ended:
        return cli.process(*arguments, **client)

    (sent,) = unisono.objects(run(app, "send", "ada", "Hello", "--key", "k", "--json").stdout)
    assert "Hello" in run(ada, "list").stdout
    assert "Hello" in run(ada, "show", sent["id"]).stdout
    (marked,) = unisono.objects(run(ada, "mark", sent["id"], "--read", "--json").stdout)
    assert (marked["changed"], marked["unread_count"]) == (1, 0)
    assert run(app, "delete", "--user", "ada", "--key", "k").returncode == 0
    assert unisono.objects(run(ada, "list", "--json").stdout) == []

    refused = run(app, "send", "ada", " "), run(ada, "show", sent["id"]), run(nobody, "list")
    assert [ended.returncode for ended in refused] == [1, 1, 1]
    assert [ended.stderr[:7] for ended in refused] == ["Error: "] * 3
    assert "title" in refused[0].stderr
    assert "Traceback" not in "".join(ended.stderr for ended in refused)


def test_the_judge_of_the_one_finds_every_promise_kept_by_the_other(
    address: str, client: dict[str, str]
) -> None:
    ended = verify.run(*verify.at(address, "ada", "bob"), "--for", "2s", "--seed", "7", "--json", **client)
    assert (ended.returncode, ended.stderr) == (0, "")
    promises = json.loads(ended.stdout)["promises"]
    assert {"Durable", "Resumable", "Exact", "Isolated"} <= set(promises)
    assert "broken" not in ended.stdout
