"""Checks what the example device in Go made of what it received.

The judge checks what was received from the server, and what rang; this checks what the device held.
"""

from collections.abc import Iterator
from typing import Any

from tests.support.go_device import GoDevice
from unisono.client import Notification, Platform, Publisher
from unisono.verify.history import History, Stream
from unisono.verify.replay import replays_of

Rows = dict[str, int]
"""Revisions by id."""


def check_points(device: GoDevice, streams: list[Stream]) -> None:
    """Assert that at each complete point that it told of, the device held what follows from what it received.

    A process that was killed did not live to tell of its last one.
    """
    held = iter(_held(streams))
    for point in device.told("point"):
        rows = _rows(point)
        assert any(rows == its for its in held), f"what it holds at {point['revision']} came from nowhere"


async def agrees(device: GoDevice, backend: Publisher, user_id: str) -> bool:
    """Return whether the device holds what the store lists."""
    listed = [row async for row in backend.list(user_id, page_size=500)]
    wanted = [row for row in listed if _is_for(row)]
    point = device.told("point")[-1]
    unread = sum(row.counts_as_unread for row in wanted)
    return _rows(point) == {row.id: row.revision for row in wanted} and point["unread"] == unread


def _rows(point: Any) -> Rows:
    return {row["id"]: row["revision"] for row in point["rows"]}


def _held(streams: list[Stream]) -> Iterator[Rows]:
    """Yield what a device holds at each complete point, as the judge replays it."""
    for replay in replays_of(History(streams=streams)):
        for step in replay.steps():
            if step.message.complete:
                yield {id_: row.revision for id_, row in step.state.rows.items()}


def _is_for(row: Notification) -> bool:
    return not (row.platforms or row.endpoint_ids) or Platform.LINUX in row.platforms
