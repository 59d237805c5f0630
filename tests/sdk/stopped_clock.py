"""A clock of seconds that a test moves, for the watchdogs of devices."""

from collections.abc import Callable

from unisono.client._device.watchdog import Watchdog


class StoppedClock:
    """A clock that stands at `now`. `watchdog` makes the watchdog of a device that looks at it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    @property
    def watchdog(self) -> Callable[[float], Watchdog]:
        return lambda stall_timeout: Watchdog(stall_timeout, self)
