"""When a snooze ends that was made on this device, whatever the clocks of device and server say.

A mark may wait for the connection, so its span is counted by the clock that does not jump, and what is left
of it is sent; across a restart of the process the wall clock has to do.
"""

import asyncio
import time
from typing import Final

from unisono.client._errors import InvalidRequest
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest

#: Seconds: a snooze that passed while its mark waited is committed all the same, and rings once everywhere.
MIN_LEFT: Final = 1.0
#: Seconds: no notification lives longer by default, so a longer snooze is skipped as this one is.
MAX_LEFT: Final = 30 * 24 * 3600.0


def left_of(request: MarkNotificationsRequest) -> float | None:
    """Return for how many seconds from now a request snoozes; None where it does not, or without an end.

    Negative for a time that has passed by the wall clock of this device.
    """
    if request.HasField("snooze_for"):
        return request.snooze_for.ToNanoseconds() / 1e9
    if request.HasField("snooze_until"):
        return request.snooze_until.ToNanoseconds() / 1e9 - time.time()
    return None


def end_of(request: MarkNotificationsRequest) -> float | None:
    """Return the end of a snooze on the clock of the running event loop; None without one."""
    left = left_of(request)
    return None if left is None else asyncio.get_running_loop().time() + left


def to_save(request: MarkNotificationsRequest) -> MarkNotificationsRequest:
    """Return the request with the wall-clock time of the end, as a later process needs it.

    Raises `InvalidRequest` for an end that has passed already, and for two of them.
    """
    left = left_of(request)
    if left is None:
        return request
    field = "snooze_for" if request.HasField("snooze_for") else "snooze_until"
    if request.HasField("snooze_for") and request.HasField("snooze_until"):
        raise _invalid(field, "excludes snooze_until")
    if left <= 0:
        raise _invalid(field, "must be in the future")
    return _until(request, time.time() + left)


def to_send(
    request: MarkNotificationsRequest, end: float | None, *, by_span: bool
) -> MarkNotificationsRequest:
    """Return the request to send now, for a snooze that ends at `end` on the loop's clock.

    `by_span`: the server counts spans by its own clock. One that does not yet gets the time by this device's.
    """
    if end is None:
        return request
    left = min(max(MIN_LEFT, end - asyncio.get_running_loop().time()), MAX_LEFT)
    if not by_span:
        return _until(request, time.time() + left)
    sent = _copied(request)
    sent.snooze_for.FromMilliseconds(int(left * 1000))
    return sent


def _invalid(field: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {problem}", violations={field: problem})


def _until(request: MarkNotificationsRequest, wall_time: float) -> MarkNotificationsRequest:
    timed = _copied(request)
    timed.snooze_until.FromMilliseconds(int(wall_time * 1000))
    return timed


def _copied(request: MarkNotificationsRequest) -> MarkNotificationsRequest:
    """Return a copy without an end of the snooze."""
    copy = MarkNotificationsRequest()
    copy.CopyFrom(request)
    copy.ClearField("snooze_until")
    copy.ClearField("snooze_for")
    return copy
