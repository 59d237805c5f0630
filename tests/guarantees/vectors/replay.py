"""Takes a device of the SDK through a vector, and compares."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import ParseDict

from tests.guarantees.vectors.sdk_device import SdkDevice
from tests.guarantees.vectors.steps import Step
from unisono.v1 import feed_service_pb2 as pb


async def replay(steps: list[Step]) -> str:
    """Return what the device does otherwise than the steps expect, first; empty if nothing."""
    device = SdkDevice()
    await device.start(ParseDict(steps[0]["connect"], pb.SubscribeRequest()))
    try:
        for number, step in enumerate(steps):
            said = await device.take(step)
            for what, expected, got in _compared(step, said):
                if expected != got:
                    return f"step {number}: {what} is {got}, not {expected}"
    finally:
        await device.close()
    return ""


def _compared(step: Step, said: Step) -> Iterator[tuple[str, Any, Any]]:
    """Yield what is compared: what it is, what is expected, and what the device said."""
    if "connect" in step:
        yield "connect", step["connect"], said["connect"]
    expected = dict(step.get("expect", {}))
    if expected:
        expected.setdefault("marked", {})
    if "message" in step:
        free = set(expected.pop("may_send", ()))
        sent = {id_: parts for id_, parts in said["send"].items() if id_ not in free}
        yield "sent", expected.pop("send", {}), sent
        yield "rings", *_rings(expected.pop("ring", []), expected.pop("one_rings", []), said["rings"])
    for what, value in expected.items():
        yield what, value, said[what]


def _rings(all_of: list[Any], one_of: list[Any], rang: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return what has to ring, and what did: after a catch-up any one of those that could."""
    if one_of:
        return (rang if len(rang) == 1 and rang[0] in one_of else one_of[:1]), rang
    return all_of, sorted(rang)
