"""At an older server the command says what that does not know, and does nothing by halves."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from tests.commands.unisono import Cli
from tests.support.stub_server import StubServer, scripted

#: Commands, and the fields that older servers do not know.
NEWER = {
    "SendNotificationRequest.silent": ("send", "ada", "Hello", "--silent"),
    "VisualContent.link": ("send", "ada", "Hello", "--link", "https://unisono.test"),
    "ListNotificationsRequest.category": ("list", "--user", "ada", "--category", "news"),
    "ListNotificationsRequest.changed_after": ("list", "--user", "ada", "--changed-after", "0"),
    "MarkNotificationsRequest.action_id": ("mark", "--user", "ada", "id", "--activate", "--action-id", "a"),
}


@pytest.fixture
async def script() -> AsyncIterator[StubServer]:
    async with scripted() as script:
        script.knows(None)
        yield script


@pytest.mark.parametrize("field", NEWER)
async def test_a_field_that_it_does_not_know(script: StubServer, field: str) -> None:
    ended = await asyncio.to_thread(Cli(script.target, "x").run, *NEWER[field])

    assert (ended.returncode, ended.stdout) == (1, "")
    error, hint = ended.stderr.splitlines()
    assert error == f"Error: the server does not know {field} yet: upgrade it, or leave that out"
    assert hint == f"Hint: the server at {script.target} is older than this command: upgrade it"
    assert [call.method for call in script.calls] == ["GetServerInfo"]


async def test_programs_read_which_field_it_is(script: StubServer) -> None:
    send = NEWER["SendNotificationRequest.silent"]
    ended = await asyncio.to_thread(Cli(script.target, "x").run, *send, "--json")

    said = json.loads(ended.stderr)
    assert said["code"] == "unimplemented"
    assert said["metadata"] == {"field": "SendNotificationRequest.silent", "contract_level": "0"}


async def test_a_method_that_it_does_not_have(script: StubServer) -> None:
    ended = await asyncio.to_thread(Cli(script.target, "x").run, "delete", "--user", "ada", "--all", "--yes")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"Hint: the server at {script.target} is older than this command" in ended.stderr
