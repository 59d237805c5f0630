"""Records when notifications, known by their keys, have reached all devices of their user."""

import time
from collections import Counter
from collections.abc import Iterable

from benchmarks.load.listeners import ArrivalCounter, Device, Stream
from benchmarks.load.requests import subscription
from unisono.v1 import feed_service_pb2 as pb


class DeliveryTimes:
    """Records when each notification has reached so many `devices` of its user.

    `times` has, by the key of a notification, when the last of them received it, by `time.perf_counter`;
    `complete` counts such notifications.
    """

    def __init__(self, devices: int) -> None:
        self.times: dict[str, float] = {}
        self.complete = ArrivalCounter()
        self._devices = devices
        self._had: Counter[str] = Counter()

    def stream(self, device: Device, synced: ArrivalCounter) -> Stream:
        """Return a stream from the beginning of a device's feed, recording events; `synced` counts Synced."""

        def on_message(message: bytes) -> None:
            said = pb.SubscribeResponse.FromString(message)
            if said.HasField("synced"):
                synced.add(1)
            self._on_keys(event.notification.app_notification_id for event in said.event_batch.events)

        return Stream(subscription(device.token, device.endpoint_id), on_message, device.door)

    def _on_keys(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._had[key] += 1
            if self._had[key] == self._devices:
                del self._had[key]
                self.times[key] = time.perf_counter()
                self.complete.add(1)
