"""Random histories of the whole service: concurrent calls, streams that are cut, nodes that stop."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.guarantees.stateful.async_machine import AsyncStateMachine
from tests.guarantees.stateful.recorded_client import RecordedClient
from tests.guarantees.stateful.service_device import ServiceDevice
from tests.guarantees.stateful.service_system import AUDIENCES, USERS, ServiceSystem
from tests.support.api_client import READ, by_id
from unisono.client import UnisonoError
from unisono.client._wire import methods
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

seeds = st.integers(0, 2**16)
devices = st.integers(0, len(USERS) * len(AUDIENCES) - 1)
counts = st.sampled_from((0, 1, 2, 3, 99))
several = st.lists(st.sampled_from(USERS), min_size=1, max_size=8)


class ServiceMachine(AsyncStateMachine):
    """A machine of a node and its clients: all promises must hold. Random values come from seeds."""

    def __init__(self, path: Path) -> None:
        self._system = self.system(path)
        super().__init__()

    def system(self, path: Path) -> ServiceSystem:
        """Return the system on a file."""
        return ServiceSystem(path)

    async def begin(self) -> None:
        await self._system.start()

    async def finish(self) -> None:
        await self._system.settle()
        self._system.judge()

    async def release(self) -> None:
        await self._system.cut()

    @initialize(seed=seeds, of=several)
    def fill(self, seed: int, of: list[str]) -> None:
        self.run(self._act(seed, [*of, *of]))

    @rule(seed=seeds, of=several)
    def act_at_once(self, seed: int, of: list[str]) -> None:
        self.run(self._act(seed, of))

    @rule(device=devices, count=counts)
    def begin_anew(self, device: int, count: int) -> None:
        self.run(self._begin(self._system.devices[device], count))

    @rule(user_id=st.sampled_from(USERS), count=counts)
    def begin_at_the_end(self, user_id: str, count: int) -> None:
        self.run(self._begin(self._system.one_that_may_miss(user_id), count, from_end=True))

    @rule(device=devices, count=counts)
    def resume(self, device: int, count: int) -> None:
        self.run(self._open(self._system.devices[device], count))

    @rule(device=devices, number=st.integers(0, 500), count=counts)
    def resume_from_earlier(self, device: int, number: int, count: int) -> None:
        self.run(self._rewind(self._system.devices[device], number, count))

    @rule(device=devices)
    def cut(self, device: int) -> None:
        self.run(self._system.devices[device].drop())

    @rule(device=devices)
    def acknowledge(self, device: int) -> None:
        self.run(self._system.devices[device].acknowledge())

    @rule(device=devices)
    def leave(self, device: int) -> None:
        self.run(self._system.devices[device].leave())

    @rule(user_id=st.sampled_from(USERS), seed=seeds, of=several, bar=st.sampled_from((0, 0, 10)))
    def forget(self, user_id: str, seed: int, of: list[str], bar: int) -> None:
        self._system.random.seed(seed)
        self.run(self._system.forget(user_id, of, bar))

    @rule(seconds=st.sampled_from((1, 4, 31)))
    def let_time_pass(self, seconds: int) -> None:
        self.run(self._system.clock.advance_swept(seconds))

    @rule(seed=seeds)
    def try_what_is_of_others(self, seed: int) -> None:
        self.run(self._try(seed))

    @rule(gently=st.sampled_from((True, True, False)))
    def restart(self, gently: bool) -> None:
        self.run(self._restart(gently))

    @rule()
    def settle(self) -> None:
        self.run(self._system.settle())
        self._system.judge()

    async def _act(self, seed: int, of: list[str]) -> None:
        self._system.random.seed(seed)
        await self._system.act(of)

    async def _open(self, device: ServiceDevice, count: int, *, from_end: bool = False) -> None:
        await device.open(from_end=from_end)
        await device.receive(count)

    async def _begin(self, device: ServiceDevice, count: int, *, from_end: bool = False) -> None:
        await device.drop()
        device.past.begin()
        await self._open(device, count, from_end=from_end)

    async def _rewind(self, device: ServiceDevice, number: int, count: int) -> None:
        await device.drop()
        device.past.rewind(number)
        await self._open(device, count)

    async def _restart(self, gently: bool) -> None:
        await (self._system.stop() if gently else self._system.cut())
        await self._system.start()

    async def _try(self, seed: int) -> None:
        """Let Bob's device, his backend and another app name a notification of Ada's: none may find it."""
        sent = self._system.calls["ada"].sent or ["unknown"]
        id_ = sent[seed % len(sent)]
        bobs = [device.client for device in self._system.devices if device.client.user_id == "bob"]
        for client in (bobs[seed % len(bobs)], self._system.backends["bob"], self._system.strangers["ada"]):
            await _find_nothing(client, id_)


async def _find_nothing(client: RecordedClient, id_: str) -> None:
    named = pb.NotificationRef(id=id_)
    content = service_pb.NotificationContent(group_name="taken")
    askings: list[Callable[[], Awaitable[object]]] = [
        lambda: client.call(methods.GET, notification=named),
        lambda: client.call(methods.DELETE, notification=named),
        lambda: client.call(methods.MARK, references=by_id(id_), read_state=READ),
        lambda: client.call(
            methods.UPDATE, notification=named, content=content, update_mask={"paths": ["group_name"]}
        ),
    ]
    for asking in askings:
        assert await _code(asking()) is grpc.StatusCode.NOT_FOUND


async def _code(asking: Awaitable[object]) -> grpc.StatusCode:
    try:
        await asking
    except UnisonoError as error:
        return error.code
    return grpc.StatusCode.OK
