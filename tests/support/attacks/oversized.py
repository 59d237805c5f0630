"""Attacks that need a token: requests with very long lists, and large bodies that are never complete."""

import asyncio
from collections.abc import Iterator
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from tests.support import tokens
from tests.support.attacks.strangers import SEND, Begun, unfinished
from tests.support.http2.stranger import Stranger, Target
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

BATCH: Final = "/unisono.v1.NotificationService/BatchSendNotifications"
UPDATE_ENDPOINT: Final = "/unisono.v1.EndpointService/UpdateEndpoint"

#: As many as fit into a request of 4 MiB: paths of a mask, items of a batch and platforms of each, which
#: nobody knows, and platforms of one notification, which everybody knows.
PATHS: Final = 1_300_000
ITEMS: Final = 1_000
EACH: Final = 1_000
PLATFORMS: Final = 4_000_000
UNKNOWN: Final = 99

#: What a batch announces, in bytes: it is refused for its size only when it is whole.
LARGE: Final = 7_900_000

Request = tuple[str, str, bytes]


async def lists(target: Target, begun: Begun) -> None:
    """Send requests with very long lists, one after the other, for ever."""
    requests = list(_requests())
    stranger = await Stranger.open(target)
    while True:
        for path, token, body in requests:
            if stranger.closed.is_set():
                stranger = await Stranger.open(target)
            answering = asyncio.create_task(stranger.call(path, token, body))
            begun()
            await asyncio.wait([answering])


async def large_bodies(target: Target, begun: Begun) -> None:
    """Send batches of almost 8 MB without their last byte; ends when the server has ended them all."""
    await unfinished(target, begun, BATCH, LARGE, tokens.publisher())


def _requests() -> Iterator[Request]:
    mask = FieldMask(paths=["a"] * PATHS)
    update = endpoint_pb.UpdateEndpointRequest(endpoint_id="phone", update_mask=mask)
    yield UPDATE_ENDPOINT, tokens.device("mallory"), update.SerializeToString()
    batch = service_pb.BatchSendNotificationsRequest(requests=[_send(UNKNOWN, EACH)] * ITEMS)
    yield BATCH, tokens.publisher(), batch.SerializeToString()
    yield SEND, tokens.publisher(), _send(pb.DEVICE_PLATFORM_IOS, PLATFORMS).SerializeToString()


def _send(platform: int, count: int) -> service_pb.SendNotificationRequest:
    request = service_pb.SendNotificationRequest(user_id="mallory")
    request.payload.visual_content.title = "Hello"
    request.target_policy.platforms.extend([pb.DevicePlatform.ValueType(platform)] * count)
    return request
