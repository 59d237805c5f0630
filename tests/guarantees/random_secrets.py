"""Makes random calls that leave traces of two users everywhere: in rows, keys, indexes, and what gave way."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration

from tests.support import tokens
from tests.support.api_client import (
    ACTIVATED,
    ALL,
    DISMISSED,
    READ,
    REPLACE,
    SNOOZED,
    UNREAD,
    ApiClient,
    time_of,
)
from tests.support.nodes import Client
from unisono.server.clock import Clock
from unisono.v1 import notification_pb2 as pb
from unisono.v1.feed_service_pb2 import DeleteFeedRequest

#: Fair codes for a call about something that another call changed before.
FAIR = {
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
LATELY = 40
"""Most calls are about one of so many that were sent last."""

Call = Callable[[], Awaitable[object]]


class SecretUser:
    """A user of whom every word has the `mark`: ids, names, keys, groups, and all contents.

    `told` are the ids that the service gave.
    """

    def __init__(self, random: Random, channel: grpc.aio.Channel, clock: Clock, mark: str) -> None:
        self._random = random
        self._clock = clock
        self.mark = mark
        self.user_id = f"user {mark}"
        self._backend = ApiClient(Client(channel, tokens.publisher()), user_id=self.user_id)
        self._device = ApiClient(Client(channel, tokens.device(self.user_id)))
        self.told: list[str] = []
        self._calls: list[Call] = [
            *([self._send] * 8),
            *([self._update] * 3),
            *([self._mark_some] * 5),
            *([self._register] * 3),
            self._delete,
            self._delete_many,
            self._rename,
            self._remove,
            self._subscribe,
        ]

    async def forget(self) -> bool:
        """Delete the user, who is barred for a minute then. Return whether there was anything."""
        backend = Client(self._backend.client.channel, tokens.publisher(scope=tokens.ERASER_SCOPES))
        request = DeleteFeedRequest(user_id=self.user_id, bar_for=Duration(seconds=60))
        response = await backend.feeds.DeleteFeed(request, metadata=backend.metadata)
        return not response.already_removed

    async def one(self) -> None:
        """Make a random call. Raises its error, unless the code is in `FAIR`."""
        try:
            await self._random.choice(self._calls)()
        except grpc.aio.AioRpcError as error:
            if error.code() not in FAIR:
                raise

    def _word(self, kinds: int = 10**6) -> str:
        return f"{self.mark} {self._random.randrange(kinds)}"

    def _content(self) -> dict[str, Any]:
        visual = pb.VisualContent(title=self._word(), body=self._word() * self._random.choice((1, 20, 400)))
        visual.link = f"https://{self.mark}.test"
        visual.actions.add(action_id=self._word(3), label=self._word())
        payload = pb.Payload(visual_content=visual, raw_content=self._word().encode())
        payload.data[self._word(9)] = self._word()
        return {"payload": payload, "group_name": self._word(5), "category": self._word(3)}

    def _target(self) -> pb.TargetPolicy:
        if self._random.random() < 0.7:
            return pb.TargetPolicy()
        return pb.TargetPolicy(endpoint_ids=[self._word(20) for _ in range(self._random.choice((1, 30)))])

    async def _send(self) -> None:
        seconds = self._random.choice((20, 300, 3000, 100_000))
        result = await self._backend.send(
            **self._content(),
            app_notification_id=self._random.choice(("", self._word(), self._word(30))),
            on_conflict=REPLACE,
            target_policy=self._target(),
            expire_time=time_of(self._clock.now() + 1000 * seconds),
        )
        self.told += [result.id, *result.displaced_ids]

    async def _update(self) -> None:
        await self._backend.update(self._one(), content=self._content(), silent=self._random.random() < 0.5)

    async def _mark_some(self) -> None:
        patches: tuple[dict[str, object], ...] = (
            {"read_state": READ},
            {"read_state": UNREAD},
            {"user_action_state": DISMISSED},
            {"user_action_state": ACTIVATED, "action_id": self._word(3)},
            {"user_action_state": SNOOZED, "snooze_for": Duration(seconds=15)},
        )
        await self._backend.mark(self._one(), self._one(), **self._random.choice(patches))

    async def _register(self) -> None:
        await self._device.register(endpoint_id=self._word(30), display_name=self._word())

    async def _subscribe(self) -> None:
        await self._device.welcome(endpoint_id=self._word(30), display_name=self._word())

    async def _rename(self) -> None:
        await self._device.rename(self._word(), endpoint_id=self._word(30))

    async def _remove(self) -> None:
        await self._device.remove(endpoint_id=self._word(30))

    async def _delete(self) -> None:
        await self._backend.delete(self._one())

    async def _delete_many(self) -> None:
        what = self._random.choice(({"all": ALL}, {"group_name": self._word(5)}))
        await self._backend.delete_many(**what, user_action_state=ACTIVATED)

    def _one(self) -> str:
        return self._random.choice(self.told[-LATELY:]) if self.told else "unknown"
