"""No line of the log has a user, a device or a content, whatever happens and whatever is asked for."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.client.random_requests import random_request
from tests.contract.backends import SqliteBackend
from tests.guarantees.random_secrets import SecretUser
from tests.support import tokens, transports
from tests.support.methods import methods
from tests.support.processes import serving
from unisono.client import bearer, create_channel
from unisono.server.clock import SystemClock
from unisono.v1.notification_service_pb2 import ListNotificationsRequest
from unisono.v1.notification_service_pb2_grpc import NotificationServiceStub

MARK = "Zq7xKw"
EVENTS = (
    "call ended",
    "call refused",
    "feeds erased",
    "stopped",
    "stream ended",
    "the store could not be read",
    "the store could not be written",
)
CONNECTIONS = ("connected", "disconnected")
CALLS = 200
LOUD = ("--log-level", "debug", "--log-calls", "all")


async def test_nobody_is_named(tmp_path: Path) -> None:
    random = Random(7)  # noqa: S311
    backend = SqliteBackend(tmp_path)
    with serving(backend.path, *LOUD, "--audit-log", tmp_path / "audit.jsonl") as server:
        async with create_channel(server.address) as channel:
            user = SecretUser(random, channel, SystemClock(), MARK)
            for _ in range(CALLS):
                await user.one()
                await any_request(random, channel)
            with backend.held(), pytest.raises(grpc.aio.AioRpcError):
                await user.forget()
            with backend.broken():
                for _ in range(20):
                    await any_request(random, channel)
                # Whether any of these reads is chance.
                listed = ListNotificationsRequest(user_id=f"user {MARK}")
                with pytest.raises(grpc.aio.AioRpcError, match="UNAVAILABLE"):
                    await NotificationServiceStub(channel).ListNotifications(
                        listed, metadata=bearer(tokens.publisher())
                    )
            assert await user.forget()
            for _ in range(20):
                await user.one()
    for event in (*EVENTS, *(CONNECTIONS if transports.NAME == "http" else ())):
        assert server.entries(event), server.output
    for name in (MARK, *user.told):
        assert name not in server.output


async def any_request(random: Random, channel: grpc.aio.Channel) -> None:
    """Make any call, good or bad, in which every text has the mark; a refusal is fine."""
    method = random.choice([method for method in methods() if method.descriptor is not None])
    assert method.descriptor is not None
    request = random_request(random, GetMessageClass(method.descriptor.input_type), datetime.now(UTC))
    mark(request)
    token = random.choice((tokens.publisher(), tokens.device(f"user {MARK}"), f"{MARK}.{MARK}.x", MARK))
    with suppress(grpc.aio.AioRpcError, StopAsyncIteration):
        await method.call(channel, request.SerializeToString(), bearer(token))


def mark(message: Message) -> None:
    """Put the mark into every text of a message."""
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key in list(value):
                value[f"{MARK} {key}"] = f"{MARK} {value.pop(key)}"
        elif field.type == field.TYPE_MESSAGE:
            for member in value if field.is_repeated else (value,):
                mark(member)
        elif field.type == field.TYPE_STRING and field.name != "paths":
            texts = [f"{MARK} {text}" for text in (value if field.is_repeated else (value,))]
            if field.is_repeated:
                message.ClearField(field.name)
                getattr(message, field.name).extend(texts)
            else:
                setattr(message, field.name, texts[0])
