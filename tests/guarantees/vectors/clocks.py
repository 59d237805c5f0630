"""The clocks of a device, neither of which shows the server's time."""

from random import Random


class DeviceClocks:
    """A clock since the boot of the machine, and the wall clock, which is wrong, and is set now and then."""

    def __init__(self, random: Random, now: int) -> None:
        self._random = random
        self._shown: tuple[int, int] = (-1, -1)
        self.boot(now)
        self.set_wall_clock()

    def boot(self, now: int) -> None:
        """Boot the machine a while before the server's time `now` (ms since 1970)."""
        self._booted = now - self._random.randint(1, 10**7)

    def set_wall_clock(self) -> None:
        self._wrong_by = self._random.choice((0, -7_200_000, 86_400_000))

    def read(self, now: int) -> dict[str, float]:
        """Return what the clocks show at the server's time `now`, in seconds, where that is to be told.

        The wall clock is left out where it goes on as the other does.
        """
        boot, wall = now - self._booted, now + self._wrong_by
        before, self._shown = self._shown, (boot, wall)
        told = {"boot": boot / 1000} if boot != before[0] else {}
        return told | ({"wall": wall / 1000} if wall - boot != before[1] - before[0] else {})
