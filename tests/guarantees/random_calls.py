"""Makes random calls of Ada's backend and devices to a node."""

from collections.abc import Awaitable, Callable
from random import Random

import grpc
from google.protobuf.duration_pb2 import Duration

from tests.support.api_client import (
    ALL,
    DISMISSED,
    NO_INTERACTION,
    READ,
    REPLACE,
    SNOOZED,
    UNREAD,
    ApiClient,
    by_id,
    time_of,
)
from tests.support.nodes import Running
from unisono.v1 import notification_pb2 as pb

KEYS = ("invoice", "meeting", "")
TARGETS = (
    pb.TargetPolicy(),
    pb.TargetPolicy(),
    pb.TargetPolicy(platforms=[pb.DEVICE_PLATFORM_LINUX]),
    pb.TargetPolicy(platforms=[pb.DEVICE_PLATFORM_IOS], endpoint_ids=["tablet"]),
)
#: Fair codes for a call about something that another call changed before.
FAIR = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.INVALID_ARGUMENT}

Call = Callable[[], Awaitable[object]]


class RandomCalls:
    """Random calls from a seeded source, about notifications that earlier ones sent."""

    def __init__(self, random: Random, node: Running) -> None:
        self._random = random
        self._clock = node.setup.clock
        self._backend = ApiClient(node.publisher, user_id="ada")
        self._callers = (self._backend, ApiClient(node.user(), endpoint_id="phone"))
        self._sent: list[str] = []
        self._calls: list[Call] = [
            *([self._send] * 5),
            *([self._update] * 3),
            *([self._mark] * 5),
            self._mark_all,
            self._delete,
            self._delete_many,
        ]

    async def one(self) -> None:
        """Make a random call. Raises its error, unless the code is in `FAIR`."""
        try:
            await self._random.choice(self._calls)()
        except grpc.aio.AioRpcError as error:
            if error.code() not in FAIR:
                raise

    async def _send(self) -> None:
        expire = self._random.choice((None, None, None, self._after(5), self._after(60)))
        title = f"No. {self._random.random()}"
        result = await self._backend.send(
            title,
            payload=self._payload(title),
            app_notification_id=self._random.choice(KEYS),
            on_conflict=REPLACE,
            target_policy=self._random.choice(TARGETS),
            silent=self._random.random() < 0.2,
            **({"expire_time": time_of(expire)} if expire else {}),
        )
        self._sent.append(result.id)

    def _payload(self, title: str) -> pb.Payload:
        """Return a payload, some with all that it can have."""
        payload = pb.Payload(visual_content=pb.VisualContent(title=title))
        if self._random.random() < 0.5:
            visual = payload.visual_content
            visual.link = visual.icon_url = visual.image_url = "https://unisono.test/"
            visual.actions.add(action_id="open", label="Open", link="app:open")
            visual.format = pb.BODY_FORMAT_MARKDOWN
            payload.data.update({f"key {self._random.randrange(40)}": title for _ in range(20)})
        return payload

    async def _update(self) -> None:
        content = {"group_name": self._random.choice(("work", "home"))}
        payload = {"payload": self._payload(f"Now {self._random.random()}")}
        patch = self._random.choice((content, payload, content | payload))
        await self._backend.update(self._one(), content=patch, silent=self._random.random() < 0.5)

    async def _mark(self) -> None:
        caller = self._random.choice(self._callers)
        await caller.mark(*{self._one(), self._one()}, **self._state())

    async def _mark_all(self) -> None:
        caller = self._random.choice(self._callers)
        await caller.mark(**self._random.choice(({"all": ALL}, {"group_name": "work"})), **self._state())

    async def _delete(self) -> None:
        await self._random.choice(self._callers).delete(self._one())

    async def _delete_many(self) -> None:
        caller = self._random.choice(self._callers)
        state = self._random.choice(({"read_state": READ}, {"user_action_state": DISMISSED}))
        what = self._random.choice(({"all": ALL}, {"group_name": "work"}, {"references": by_id(self._one())}))
        await caller.delete_many(**what, **state)

    def _state(self) -> dict[str, object]:
        state: dict[str, object] = {"read_state": self._random.choice((READ, UNREAD))}
        action = self._random.choice((0, NO_INTERACTION, DISMISSED, SNOOZED))
        if action == SNOOZED:
            if self._random.random() < 0.5:
                state["snooze_until"] = time_of(self._after(20))
            else:
                state["snooze_for"] = Duration(seconds=20)
        return {**state, "user_action_state": action}

    def _one(self) -> str:
        return self._random.choice(self._sent) if self._sent else "unknown"

    def _after(self, seconds: int) -> int:
        return self._clock.now() + 1000 * seconds
