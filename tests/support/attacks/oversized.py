"""What anybody with a token can ask for that is much too long, in requests that are valid or nearly so."""

import asyncio
from collections.abc import Iterator
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from tests.support import tokens
from tests.support.attacks.strangers import BATCH, SEND, Begun
from tests.support.http2.stranger import Stranger, Target
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

UPDATE_ENDPOINT: Final = "/unisono.v1.EndpointService/UpdateEndpoint"

#: As many as fit into a request of 4 MiB: paths of a mask, items of a batch and platforms of each, which
#: nobody knows, and platforms of one notification, which everybody knows.
PATHS: Final = 1_300_000
ITEMS: Final = 1_000
EACH: Final = 1_000
PLATFORMS: Final = 4_000_000
UNKNOWN: Final = 99

Request = tuple[str, str, bytes]


async def lists(target: Target, begun: Begun) -> None:
    """One such request after the other, for ever."""
    requests = list(_requests())
    stranger = await Stranger.open(target)
    while True:
        for path, token, body in requests:
            if stranger.closed.is_set():
                stranger = await Stranger.open(target)
            answering = asyncio.create_task(stranger.call(path, token, body))
            begun()
            await asyncio.wait([answering])


def _requests() -> Iterator[Request]:
    mask = FieldMask(paths=["a"] * PATHS)
    update = endpoint_pb.UpdateEndpointRequest(endpoint_id="phone", update_mask=mask)
    yield UPDATE_ENDPOINT, tokens.device("mallory"), update.SerializeToString()
    batch = service_pb.BatchSendNotificationsRequest(requests=[_send(UNKNOWN, EACH)] * ITEMS)
    yield BATCH, tokens.publisher(), batch.SerializeToString()
    yield SEND, tokens.publisher(), _send(pb.PLATFORM_IOS, PLATFORMS).SerializeToString()


def _send(platform: int, count: int) -> service_pb.SendNotificationRequest:
    request = service_pb.SendNotificationRequest(user_id="mallory")
    request.payload.visual_content.title = "Hello"
    request.target_policy.platforms.extend([pb.Platform.ValueType(platform)] * count)
    return request
