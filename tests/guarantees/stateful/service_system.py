"""A node behind a socket, its callers, the devices of its users, and their history."""

import asyncio
from contextlib import suppress
from pathlib import Path
from random import Random

from google.protobuf.duration_pb2 import Duration

from tests.guarantees.stateful.broken_promises import broken_in
from tests.guarantees.stateful.recorded_client import RecordedClient
from tests.guarantees.stateful.service_calls import ServiceCalls
from tests.guarantees.stateful.service_device import ServiceDevice
from tests.guarantees.stateful.times import told_by
from tests.support import tokens
from tests.support.api_client import titled
from tests.support.nodes import Setup
from tests.support.random_commands import LAPTOP, PHONE
from tests.support.services import APP, CLIENTS, OTHER_APP, SWEEP_INTERVAL, SweptClock
from unisono.client import FeedBarred, Transport, create_transport
from unisono.client._wire import methods
from unisono.server.core.sweeper import SweepRules
from unisono.server.model import Audience, Platform
from unisono.verify.feeds import is_for
from unisono.verify.history import Principal
from unisono.verify.recording import Recorder

USERS = ("ada", "bob")
AUDIENCES = (LAPTOP, PHONE, Audience("tv", Platform.WEB))
#: How long a node may take to stop, in seconds.
GRACE = 5.0


class ServiceSystem:
    """A node with its clients and history. Random values come from `random`, which the caller seeds."""

    def __init__(self, path: Path) -> None:
        self.random = Random(0)  # noqa: S311
        self.clock = SweptClock()
        self.recorder = Recorder(told_by(self.clock))
        self._setup = Setup(path=path, clock=self.clock, sweep_rules=SweepRules(interval=SWEEP_INTERVAL))
        self.calls = {user_id: ServiceCalls(self.random, self.clock) for user_id in USERS}
        self.backends = {user_id: self._backend(user_id, APP) for user_id in USERS}
        self.erasers = {user_id: self._backend(user_id, APP, tokens.ERASER_SCOPES) for user_id in USERS}
        self.strangers = {user_id: self._backend(user_id, OTHER_APP) for user_id in USERS}
        self.devices = [self._device(user_id, audience) for user_id in USERS for audience in AUDIENCES]

    def one_that_may_miss(self, user_id: str) -> ServiceDevice:
        """Return the device of a user that may begin at the END."""
        return self._devices_of(user_id)[-1]

    async def start(self) -> None:
        """Start a node on the file, and connect to it."""
        self._node = self._setup.node()
        port = await self._node.start("127.0.0.1:0")
        self.target = f"127.0.0.1:{port}"
        self._line: Transport = create_transport(self.target)

    async def stop(self) -> None:
        """Drain the node, as on SIGTERM: each stream gets a Goodbye with a delay."""
        self.recorder.annotate("SIGTERM")
        await self._node.stop(GRACE)
        await self._leave()

    async def cut(self) -> None:
        """Cut all clients off, as on SIGKILL, and then stop the node."""
        self.recorder.annotate("SIGKILL")
        await self._leave()
        await self._node.stop(0)

    async def act(self, of: list[str]) -> None:
        """Make a random call about each of these users' feeds, all at once."""
        await asyncio.gather(*(self._call(user_id) for user_id in of))

    async def settle(self) -> None:
        """Let every device catch up, and assert that it holds what the service has for it.

        The last send is meant for all, so that each device learns the last revision without a heartbeat.
        """
        for user_id in USERS:
            backend = self.backends[user_id]
            sent = await backend.call(methods.SEND, payload=titled("The last"))
            last = sent.result.revision
            live = (await backend.call(methods.LIST, page_size=500)).notifications
            for device in self._devices_of(user_id):
                await device.settle(last)
                meant = [row for row in live if is_for(row, device.client.endpoint_id, device.platform)]
                counted = await device.client.call(methods.GET_FEED)
                device.past.held.compare(last, meant, counted.unread_count)

    async def forget(self, user_id: str, of: list[str], bar: int) -> None:
        """Delete a user, while calls go on. With a `bar`, see the user refused for so many seconds."""
        devices = self._devices_of(user_id)
        for device in devices:
            # One that is still being opened may open in the feed that follows.
            await device.receive(1)
        deleting = self.erasers[user_id].call(methods.DELETE_FEED, bar_for=Duration(seconds=bar))
        await asyncio.gather(deleting, *(self._call(one) for one in of))
        for device in devices:
            await device.let_go()
        if bar:
            for caller in (self.backends[user_id], devices[0].client):
                with suppress(FeedBarred):
                    await caller.call(methods.GET_FEED)
            await self.clock.advance_swept(bar)

    def judge(self) -> None:
        """Assert that the history breaks no promise."""
        broken = broken_in(self.recorder.history)
        assert not broken, broken

    def _devices_of(self, user_id: str) -> list[ServiceDevice]:
        return [device for device in self.devices if device.client.user_id == user_id]

    async def _call(self, user_id: str) -> None:
        voices = [device.client for device in self._devices_of(user_id)]
        await self.calls[user_id].one(self.backends[user_id], voices)

    async def _leave(self) -> None:
        for device in self.devices:
            await device.drop()
        await self._line.close()

    def _backend(self, user_id: str, app_id: str, scope: str = tokens.PUBLISHER_SCOPES) -> RecordedClient:
        return RecordedClient(
            recorder=self.recorder,
            transport=lambda: self._line,
            principal=Principal(app_id=app_id),
            token=tokens.publisher(azp=CLIENTS[app_id], scope=scope),
            user_id=user_id,
        )

    def _device(self, user_id: str, audience: Audience) -> ServiceDevice:
        client = RecordedClient(
            recorder=self.recorder,
            transport=lambda: self._line,
            principal=Principal(app_id=APP, user_id=user_id),
            token=tokens.device(user_id),
            user_id=user_id,
            endpoint_id=audience.endpoint_id,
        )
        return ServiceDevice(client, audience)
