"""Opens the device that `unisono listen` is, and shows it on a screen or as lines."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unisono.client._device.device import Device
from unisono.client._device.persistence import owner_of
from unisono.client._device.storage import FileStorage
from unisono.client._device.timing import Timing
from unisono.client._model import Platform
from unisono.client._wire.retry import Backoff
from unisono.client.cli.inbox.screen import Screen
from unisono.client.cli.listen.lines import LineReporter
from unisono.client.cli.listen.refusal import FirstRefusal
from unisono.client.cli.service import this_device
from unisono.client.cli.service.access import Access
from unisono.client.cli.service.errors import attempt
from unisono.client.cli.service.remarks import remarks
from unisono.client.cli.service.tokens import token_source
from unisono.client.cli.signals import run_until_first_done, stop_event

#: The longest delay before the device reconnects while somebody watches, in seconds.
WATCHED: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The device that a command asks for, and how to show it. Without `storage` nothing is kept.

    Without an `endpoint_id` it is the device whose state is in `storage`, or else this machine and terminal.
    """

    access: Access
    endpoint_id: str | None
    display_name: str
    platform: Platform
    storage: Path | None
    ephemeral: bool
    plain: bool
    bell: bool

    def run(self) -> None:
        """Be the device until the person quits, or a signal; raise what ended the device for good."""
        asyncio.run(self.listen())

    async def listen(self) -> None:
        """Be the device on the running event loop, as `run`. The device is closed at the end in any case."""
        with stop_event() as asked:
            async with self._device(await self._endpoint_id()) as device:
                await run_until_first_done(asked.wait(), self._shown(device))

    async def _shown(self, device: Device) -> None:
        # The first token of a command may be an old one.
        refusal = FirstRefusal(device, tries=2 if self.access.renewable else 1)
        shown = self._screen(device) if self._wants_screen() else self._lines(device, refusal)
        # Across a screen, nothing else may be written.
        with remarks(shown.remark):
            await run_until_first_done(refusal.wait(), shown.run())

    def _wants_screen(self) -> bool:
        return _has_screen() and not self.plain and not self.access.as_json

    def _screen(self, device: Device) -> Screen:
        return Screen(device, attempt=attempt(self.access), bell=self.bell)

    def _lines(self, device: Device, refusal: FirstRefusal) -> LineReporter:
        bell, as_json = sys.stdout.isatty() and self.bell, self.access.as_json
        return LineReporter(
            device, attempt=attempt(self.access), as_json=as_json, bell=bell, is_last=refusal.ends
        )

    async def _endpoint_id(self) -> str:
        return self.endpoint_id or await self._saved_id() or this_device.endpoint_id()

    async def _saved_id(self) -> str:
        if self.storage is None or not self.storage.exists():
            return ""
        storage = FileStorage(self.storage)
        try:
            return owner_of(await storage.load())
        finally:
            await storage.close()

    def _device(self, endpoint_id: str) -> Device:
        return Device(
            self.access.target,
            token_source(self.access),
            endpoint_id=endpoint_id,
            platform=self.platform,
            display_name=self.display_name,
            storage=FileStorage(self.storage) if self.storage else None,
            ephemeral=self.ephemeral,
            timing=timing(self.access.timeout, watched=self._wants_screen()),
            **self.access.connection,
        )


def timing(call: float, *, watched: bool) -> Timing:
    """Return the timing of the device; `call` is the timeout of a call in seconds.

    While somebody watches a screen, the device tries to reconnect more often.
    """
    return (
        Timing(call_timeout=call, backoff=Backoff(maximum=WATCHED)) if watched else Timing(call_timeout=call)
    )


def _has_screen() -> bool:
    """Return whether there are keys to read, and a terminal that can be drawn on."""
    terminals = sys.stdin.isatty() and sys.stdout.isatty()
    return terminals and sys.platform != "win32" and os.environ.get("TERM", "dumb") != "dumb"
