"""What the tables of faults share: how a device is offline meanwhile, and short delays."""

from dataclasses import dataclass
from typing import Final

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import Message
from unisono.client import Timing, UnisonoError
from unisono.v1 import notification_service_pb2 as service_pb

TIMING: Final = Timing(backoff=QUICK, refusal_backoff=QUICK)


@dataclass(frozen=True, slots=True)
class Offline:
    """The device is offline with this error, whose message has these words, and then live again."""

    kind: type[UnisonoError]
    words: str = ""


def incomplete(message: Message) -> Message:
    message.complete = False
    return message


async def get(_: object) -> service_pb.GetNotificationResponse:
    return service_pb.GetNotificationResponse(notification={"id": "id-1"})  # type: ignore[arg-type]
