"""A service whose explanations are held against the record: of each change it is known which call made it."""

from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path

import grpc

from tests.guarantees.stateful.explained_record import LifeRecord
from tests.guarantees.stateful.explanations_held import Told, hold
from tests.guarantees.stateful.service_device import ServiceDevice
from tests.guarantees.stateful.service_system import USERS, ServiceSystem
from tests.support import tokens
from tests.support.api_client import by_id
from tests.support.methods import methods
from tests.support.services import APP, CLIENTS
from unisono.client import NotFound, bearer, create_channel
from unisono.client._wire import methods as rpc
from unisono.v1 import admin_service_pb2 as pb
from unisono.verify.feeds import FeedKey
from unisono.verify.history import Call

(EXPLAIN,) = (method for method in methods() if method.name == "ExplainNotifications")
BACKEND = pb.Changer(client_id=CLIENTS[APP])

#: How many notifications are on a page, and how many removed ones are asked for by their ids.
PAGE, REMOVED = 7, 12


class ExplainedSystem(ServiceSystem):
    """Calls come one after the other, so that a change is of the call that it came with, or the service's."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        history = self.recorder.history
        self.lives = {user_id: LifeRecord(feed=FeedKey(APP, user_id), history=history) for user_id in USERS}

    async def act(self, of: list[str]) -> None:
        for user_id in of:
            await self._attributed(user_id, self._call(user_id))

    async def settle(self) -> None:
        before = {user_id: await self._last_revision(user_id) for user_id in USERS}
        await super().settle()
        for user_id, first in before.items():
            last = await self._last_revision(user_id)
            self.lives[user_id].by_call |= dict.fromkeys(range(first + 1, last + 1), BACKEND)

    async def forget(self, user_id: str, of: list[str], bar: int) -> None:
        await self.act(of)
        await super().forget(user_id, [], bar)
        self.lives[user_id].begin_anew()
        # What is not there any more can be changed by nobody.
        self.calls[user_id].sent.clear()

    async def handle(self, device: ServiceDevice, **state: object) -> None:
        """Let a device handle the two notifications of its user that were sent last, if they are there."""
        user_id = device.client.user_id
        sent = self.calls[user_id].sent[-2:]

        async def mark() -> None:
            with suppress(NotFound):
                await device.client.call(rpc.MARK, references=by_id(*sent), **state)

        await device.client.call(rpc.REGISTER_ENDPOINT, platform=device.platform)
        if sent:
            await self._attributed(user_id, mark())

    async def hold_explanations(self) -> None:
        """Assert of all that is explained of the users that it is as the record has it."""
        async with create_channel(self.target) as channel:
            for user_id, life in self.lives.items():
                backend = self.backends[user_id]
                told = Told(
                    pages=await self._pages(channel, user_id),
                    named={},
                    listed=list((await backend.call(rpc.LIST, page_size=500)).notifications),
                    endpoints=list((await backend.call(rpc.LIST_ENDPOINTS)).endpoints),
                    open_streams={
                        device.client.endpoint_id
                        for device in self.devices
                        if device.client.user_id == user_id and not device.is_over
                    },
                    last_revision=await self._last_revision(user_id),
                    now=self.clock.now(),
                )
                for id_ in [*life.sends()][-REMOVED:]:
                    told.named[id_] = await self._explained(channel, user_id, notification={"id": id_})
                hold(told, life)

    async def _pages(self, channel: grpc.aio.Channel, user_id: str) -> list[pb.ExplainNotificationsResponse]:
        pages = [await self._explained(channel, user_id, page_size=PAGE)]
        while token := pages[-1].next_page_token:
            pages.append(await self._explained(channel, user_id, page_size=PAGE, page_token=token))
        return pages

    async def _explained(
        self, channel: grpc.aio.Channel, user_id: str, **fields: object
    ) -> pb.ExplainNotificationsResponse:
        body = EXPLAIN.body(app_id=APP, user_id=user_id, **fields)
        answer = await EXPLAIN.call(channel, body, bearer(tokens.admin()))
        return pb.ExplainNotificationsResponse.FromString(answer)

    async def _last_revision(self, user_id: str) -> int:
        return (await self.backends[user_id].call(rpc.GET_FEED, endpoint_id="")).last_revision

    async def _attributed(self, user_id: str, acting: Awaitable[None]) -> None:
        calls = self.recorder.history.calls
        first, began = await self._last_revision(user_id), len(calls)
        await acting
        by = _changer(calls[began])
        last = await self._last_revision(user_id)
        self.lives[user_id].by_call |= dict.fromkeys(range(first + 1, last + 1), by)


def _changer(call: Call) -> pb.Changer:
    if not call.principal.user_id:
        return BACKEND
    return pb.Changer(endpoint_id=getattr(call.request, "endpoint_id", ""))
