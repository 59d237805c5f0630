"""Makes random calls about one user's feed, from a backend and from devices."""

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from tests.guarantees.stateful.recorded_client import RecordedClient
from tests.support.api_client import ALL, REPLACE, SNOOZED, by_id, by_key, time_of, titled
from tests.support.clocks import FakeClock
from unisono.client import UnisonoError
from unisono.client._wire import methods
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

KEYS = ("invoice", "meeting", "", "")
GROUPS = ("", "work", "home")
TARGETS = (
    pb.TargetPolicy(),
    pb.TargetPolicy(),
    pb.TargetPolicy(platforms=[pb.DEVICE_PLATFORM_LINUX]),
    pb.TargetPolicy(platforms=[pb.DEVICE_PLATFORM_IOS], endpoint_ids=["laptop"]),
)
MASKS = ("payload", "payload", "group_name", "category", "priority", "expire_time")
#: Fair codes for a call about something that another call changed before, or that another caller made.
FAIR = {
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
}

Act = Callable[[RecordedClient], Awaitable[object]]


class ServiceCalls:
    """Random calls from a seeded source; all values of a call are drawn before it waits."""

    def __init__(self, random: Random, clock: FakeClock) -> None:
        self._random = random
        self._clock = clock
        #: The ids of all notifications sent.
        self.sent: list[str] = []
        self._acts: dict[Act, int] = {
            self._send: 6,
            self._send_many: 2,
            self._update: 4,
            self._mark: 6,
            self._delete: 2,
            self._delete_many: 1,
            self._read: 1,
            self._poll: 2,
            self._come_and_go: 1,
        }

    async def one(self, backend: RecordedClient, devices: Sequence[RecordedClient]) -> None:
        """Make a random call. Raises its error, unless the code is in `FAIR`."""
        (act,) = self._random.choices(list(self._acts), list(self._acts.values()))
        try:
            await act(self._random.choice((backend, *devices)) if act != self._send_many else backend)
        except UnisonoError as error:
            if error.code not in FAIR:
                raise

    async def _send(self, client: RecordedClient) -> None:
        answer = await client.call(methods.SEND, **self._new())
        self.sent.append(answer.result.id)

    async def _send_many(self, client: RecordedClient) -> None:
        """Send a batch, of which one item may be invalid."""
        requests = [
            service_pb.SendNotificationRequest(user_id=client.user_id, **self._new())
            for _ in range(self._random.randint(1, 4))
        ]
        if self._random.random() < 0.3:
            requests[0].ClearField("payload")
        answer = await client.call(methods.BATCH_SEND, requests=requests)
        self.sent += [one.result.id for one in answer.results if one.HasField("result")]

    async def _update(self, client: RecordedClient) -> None:
        paths = sorted(set(self._random.choices(MASKS, k=2)))
        await client.call(
            methods.UPDATE,
            notification=self._ref(),
            content=self._content(),
            update_mask=FieldMask(paths=paths),
            silent=self._random.random() < 0.4,
        )

    async def _mark(self, client: RecordedClient) -> None:
        await client.call(methods.MARK, **self._selected(), **self._state())

    async def _delete(self, client: RecordedClient) -> None:
        await client.call(methods.DELETE, notification=self._ref())

    async def _delete_many(self, client: RecordedClient) -> None:
        narrowed = self._random.random() < 0.7
        await client.call(methods.DELETE_MANY, **self._selected(), **(self._where() if narrowed else {}))

    async def _read(self, client: RecordedClient) -> None:
        if self._random.random() < 0.5:
            await client.call(methods.GET, notification=self._ref())
        else:
            await client.call(methods.LIST, page_size=self._random.choice((2, 500)))

    async def _poll(self, client: RecordedClient) -> None:
        """List what changed after a revision to the end, in pages of two."""
        after, token = self._random.choice((0, 0, self._random.randint(1, 60))), ""
        while True:
            page = await client.call(
                methods.LIST, endpoint_id="", changed_after=after, page_size=2, page_token=token
            )
            token = page.next_page_token
            if not token:
                return

    async def _come_and_go(self, client: RecordedClient) -> None:
        """Register, rename or delete an endpoint without streams; as a backend, list or delete endpoints."""
        name = f"watch-{self._random.randint(1, 9)}"
        kind = self._random.random()
        may_return = self._random.random() < 0.6
        if not client.endpoint_id and kind < 0.8:
            await client.call(methods.LIST_ENDPOINTS)
        elif kind < 0.5:
            await client.call(methods.REGISTER_ENDPOINT, endpoint_id=name, platform=pb.DEVICE_PLATFORM_IOS)
        elif kind < 0.8:
            mask = FieldMask(paths=["display_name"])
            fields = {"display_name": "Mine", "update_mask": mask}
            await client.call(methods.UPDATE_ENDPOINT, endpoint_id=name, **fields)
        else:
            await client.call(methods.DELETE_ENDPOINT, endpoint_id=name, may_return=may_return)

    def _selected(self) -> dict[str, Any]:
        """A selector, and at times an `up_to_revision`."""
        some = by_id(*(self._one() for _ in range(self._random.choice((1, 1, 3)))))
        selectors: tuple[dict[str, Any], ...] = (
            {"references": some},
            {"references": some},
            {"references": by_key(self._random.choice(KEYS[:2]))},
            {"group_name": self._random.choice(GROUPS[1:])},
            {"all": ALL},
        )
        up_to = self._random.choice((None, None, None, self._random.randint(1, 30)))
        return {**self._random.choice(selectors), "up_to_revision": up_to}

    def _where(self) -> dict[str, Any]:
        pick = self._random.choice
        return {
            "read_state": pick(pb.ReadState.values()),
            "user_action_state": pick((0, 0, *pb.UserActionState.values())),
        }

    def _new(self) -> dict[str, Any]:
        content = self._content()
        fields = {field.name: value for field, value in content.ListFields()}
        return {
            **fields,
            "app_notification_id": self._random.choice(KEYS),
            "on_conflict": self._random.choice((REPLACE, REPLACE, service_pb.CONFLICT_POLICY_UNSPECIFIED)),
            "target_policy": self._random.choice(TARGETS),
            "silent": self._random.random() < 0.2,
        }

    def _content(self) -> service_pb.NotificationContent:
        pick = self._random.choice
        expire = pick((None, None, None, 5, 60))
        return service_pb.NotificationContent(
            payload=pick((titled(pick("abcdefgh")), self._data())),
            group_name=pick(GROUPS),
            category=pick(("", "mention")),
            priority=pick((pb.PRIORITY_UNSPECIFIED, pb.PRIORITY_HIGH)),
            display_time_to_live=pick((None, None, Duration(seconds=3))),
            expire_time=None if expire is None else self._after(expire),
        )

    def _data(self) -> pb.Payload:
        """Return a payload for the app alone, whose data has any order on the wire."""
        keys = self._random.sample(range(30), 20)
        return pb.Payload(data={f"key {key}": self._random.choice("ab") for key in keys})

    def _state(self) -> dict[str, Any]:
        pick = self._random.choice
        action = pick(pb.UserActionState.values())
        read = pick(pb.ReadState.values() if action else pb.ReadState.values()[1:])
        state: dict[str, Any] = {"read_state": read, "user_action_state": action}
        if action == pb.USER_ACTION_STATE_ACTIVATED:
            state["action_id"] = pick(("", "reply", "archive"))
        if action == SNOOZED:
            seconds = pick((2, 30))
            ends = {"snooze_until": self._after(seconds)}, {"snooze_for": Duration(seconds=seconds)}
            state |= pick(ends)
        return state

    def _ref(self) -> pb.NotificationRef:
        if self._random.random() < 0.2:
            return pb.NotificationRef(app_notification_id=self._random.choice(KEYS[:2]))
        return pb.NotificationRef(id=self._one())

    def _one(self) -> str:
        return self._random.choice(self.sent) if self.sent else "unknown"

    def _after(self, seconds: int) -> Any:
        return time_of(self._clock.now() + 1000 * seconds)
