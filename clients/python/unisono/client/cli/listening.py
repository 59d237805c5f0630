"""Makes the device that `unisono listen` is, and chooses how to show it: on a screen, or as lines."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from unisono.client._device.device import Device
from unisono.client._device.storage import FileStorage
from unisono.client._device.timing import Timing
from unisono.client._model import Platform
from unisono.client.cli.access import Access
from unisono.client.cli.ending import ending
from unisono.client.cli.lines import Lines
from unisono.client.cli.screen import Screen
from unisono.client.cli.service import token_source
from unisono.client.cli.together import until_first


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What was asked for."""

    access: Access
    endpoint_id: str
    display_name: str
    platform: Platform
    keep: Path | None
    plain: bool
    silent: bool

    def run(self) -> None:
        """Until Ctrl-C, or until the person quits; raises what ended the device for good."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        with ending() as asked:
            async with self._device() as device:
                await until_first(asked.wait(), self._shown(device))

    async def _shown(self, device: Device) -> None:
        target = self.access.target
        if _has_screen() and not self.plain and not self.access.as_json:
            await Screen(device, target=target, bell=not self.silent).run()
        else:
            bell = sys.stdout.isatty() and not self.silent
            await Lines(device, target=target, as_json=self.access.as_json, bell=bell).run()

    def _device(self) -> Device:
        return Device(
            self.access.target,
            token_source(self.access),
            endpoint_id=self.endpoint_id,
            platform=self.platform,
            display_name=self.display_name,
            storage=FileStorage(self.keep) if self.keep else None,
            tls=self.access.tls,
            root_certificates=self.access.certificates(),
            timing=Timing(call=self.access.timeout),
        )


def _has_screen() -> bool:
    """Whether there are keys to read, and a terminal that can be drawn on."""
    terminals = sys.stdin.isatty() and sys.stdout.isatty()
    return terminals and sys.platform != "win32" and os.environ.get("TERM", "dumb") != "dumb"
