"""`unisono list --limit 0` ends, whatever the server says."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import cast

import pytest

from tests.commands.rows import a_row
from tests.commands.unisono import Ended, run
from tests.support.stub_server import scripted
from unisono.client import Notification
from unisono.client.cli.commands import history
from unisono.client.cli.failures import Failure
from unisono.client.cli.service.calls import CliClient
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb


async def listed(tokens: Iterator[str], *options: str) -> Ended:
    """What the command says of pages of one row, each with the next of these tokens."""

    async def page(_: pb.ListNotificationsRequest) -> pb.ListNotificationsResponse:
        return pb.ListNotificationsResponse(
            notifications=[notification_pb2.Notification(id="one")], next_page_token=next(tokens)
        )

    async with scripted() as script:
        script.answer("ListNotifications", page)
        at = ("--target", script.target, "--token", "x", "--limit", "0")
        return await asyncio.to_thread(run, "list", *at, *options)


async def test_a_token_that_comes_again_is_an_error() -> None:
    ended = await listed(itertools.repeat("again"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: the server gave the same page token twice")


async def test_short_pages_are_listed_to_the_end() -> None:
    ended = await listed(iter(["a", "b", ""]), "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) == 3


class Endless:
    """As much of the service as a list needs: one that has always more."""

    timeout = 1.0

    @property
    def calls(self) -> "Endless":
        return self

    async def list_notifications(self, *_: object, **__: object) -> AsyncIterator[Notification]:
        while True:
            yield a_row()


async def test_more_than_a_feed_can_hold_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_LISTED", 7)
    with pytest.raises(Failure, match="there are more than 7"):
        await history.listed(cast("CliClient", Endless()), "ada", {}, limit=0)
    assert len(await history.listed(cast("CliClient", Endless()), "ada", {}, limit=6)) == 7
