"""Backends that send as fast as they can, and record the answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from unisono.v1 import notification_pb2 as pb

USERS = ("ada", "ben", "eve")
SENDERS_PER_USER = 6

Answers = dict[str, dict[str, int]]
"""The revision of each notification that was answered OK, by user and id."""


@dataclass
class SendLoad:
    """The answers and failures of all sends, also across several servers; `count` is how many were OK."""

    answers: Answers = field(default_factory=lambda: {user: {} for user in USERS})
    failures: list[grpc.aio.AioRpcError] = field(default_factory=list)
    count: int = 0

    async def send(self, channel: grpc.aio.Channel, *, after: int, do: Callable[[], object]) -> None:
        """Send until a call of each backend fails. Call `do` at the answer number `after` from now."""
        publisher = Client(channel, tokens.publisher())
        callers = [ApiClient(publisher, user_id=user) for user in USERS * SENDERS_PER_USER]
        moment = self.count + after
        await asyncio.gather(*(self._send(caller, moment, do) for caller in callers))

    async def _send(self, caller: ApiClient, moment: int, do: Callable[[], object]) -> None:
        try:
            while True:
                sent = await caller.send()
                self.answers[caller.user_id][sent.id] = sent.revision
                self.count += 1
                if self.count == moment:
                    do()
        except grpc.aio.AioRpcError as failure:
            self.failures.append(failure)

    def copy(self) -> Answers:
        """Return a copy of the answers so far."""
        return {user: dict(answers) for user, answers in self.answers.items()}


async def holds(channel: grpc.aio.Channel, answers: Answers) -> None:
    """Assert that the server has every send under its revision, and no revision missing or twice.

    The feeds may have no other changes than sends.
    """
    publisher = Client(channel, tokens.publisher())
    for user, answered in answers.items():
        caller = ApiClient(publisher, user_id=user)
        stored = {row.id: row.revision for row in await everything(caller)}
        assert answered, "there was no load"
        assert answered.items() <= stored.items()
        assert sorted(stored.values()) == list(range(1, len(stored) + 1))
        assert (await caller.feed()).last_revision == len(stored)


async def everything(caller: ApiClient) -> list[pb.Notification]:
    """Return the notifications of all pages of the list."""
    page = await caller.history(page_size=500)
    rows = list(page.notifications)
    while page.next_page_token:
        page = await caller.history(page_size=500, page_token=page.next_page_token)
        rows += page.notifications
    return rows
