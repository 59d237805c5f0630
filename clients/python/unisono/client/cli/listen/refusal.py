"""When a command that has just begun ends with a refusal, for which its device alone would wait for ever."""

import asyncio

from unisono.client._device.device import Device
from unisono.client._device.state import Status
from unisono.client._errors import UnisonoError
from unisono.client._wire.retry import is_refusal
from unisono.client.cli.login.errors import LoginError, NotReached


class FirstRefusal:
    """A refusal of a device that was not live yet, after `tries` in a row, or a login that has ended.

    Whoever has just started the command can set right what is refused, or a supervisor starts it again. Later
    it is shown, and the device comes back.
    """

    def __init__(self, device: Device, tries: int) -> None:
        self._device = device
        self._tries = tries
        self._was_live = False
        self._last: UnisonoError | None = None

    def ends(self, error: Exception | None) -> bool:
        """Return whether the command ends with this error, or comes nearer to that."""
        asks = isinstance(error, UnisonoError) and (is_refusal(error) or _is_no_login(error))
        return asks and not self._was_live

    async def wait(self) -> None:
        """Wait for the refusal, and raise it; for ever once the device is live."""
        for _ in range(self._tries):
            await self._device.wait_for(self._has_news)
            if self._was_live:
                await asyncio.Event().wait()
        if self._last is not None:
            raise self._last

    def _has_news(self, device: Device) -> bool:
        self._was_live = self._was_live or device.status is Status.LIVE
        error = device.error
        if self._was_live or error is self._last or not self.ends(error):
            return self._was_live
        self._last = error if isinstance(error, UnisonoError) else None
        return True


def _is_no_login(error: UnisonoError) -> bool:
    """Return whether the person has to sign in, or to mend the login."""
    return isinstance(error.__cause__, LoginError) and not isinstance(error.__cause__, NotReached)
