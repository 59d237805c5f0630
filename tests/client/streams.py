"""A stream of a service, read message by message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from tests.support.processes import TIMEOUT
from tests.support.services import Service
from unisono.client import (
    UnisonoError,
)
from unisono.client._wire.methods import (
    SUBSCRIBE,
)
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2


class Stream:
    """The messages of one stream, as they come."""

    def __init__(self, messages: AsyncIterator[pb.SubscribeResponse]) -> None:
        self._messages = messages

    async def next(self, *kinds: str) -> pb.SubscribeResponse:
        """The next message, which is of one of these kinds."""
        async with asyncio.timeout(TIMEOUT):
            message = await anext(self._messages)
        assert message.WhichOneof("message") in kinds
        return message

    async def ended(self) -> UnisonoError:
        """The error that ends it."""
        with pytest.raises(UnisonoError) as raised:
            async with asyncio.timeout(TIMEOUT):
                await anext(self._messages)
        return raised.value


@asynccontextmanager
async def stream(service: Service, token: str = "", **fields: Any) -> AsyncIterator[Stream]:
    wanted = {"endpoint_id": "laptop", "platform": notification_pb2.DEVICE_PLATFORM_LINUX, **fields}
    call = service.transport.stream(
        SUBSCRIBE, pb.SubscribeRequest(**wanted), token=token or service.user_token()
    )
    async with aclosing(call) as messages:
        yield Stream(messages)


async def caught_up(service: Service, **fields: Any) -> list[pb.SubscribeResponse]:
    """The messages of a stream up to Synced."""
    async with stream(service, **fields) as opened:
        messages = [await opened.next("welcome")]
        while not messages[-1].complete:
            messages.append(await opened.next("event_batch", "synced"))
        return messages


async def raised(service: Service, token: str = "", **fields: Any) -> UnisonoError:
    """The error of a stream that does not open."""
    async with stream(service, token, **fields) as opened:
        return await opened.ended()


def events_of(*batches: pb.SubscribeResponse) -> list[pb.Event]:
    return [event for batch in batches for event in batch.event_batch.events]


def ids_of(*batches: pb.SubscribeResponse) -> list[str]:
    return [event.notification_id for event in events_of(*batches)]
