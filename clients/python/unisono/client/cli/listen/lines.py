"""The device without a screen: a line on stdout for each notification and each event."""

import asyncio
from collections.abc import Callable
from functools import partial

import click

from unisono.client._device.device import Device
from unisono.client._device.events import Events
from unisono.client._device.state import Status
from unisono.client._model import Event, Notification
from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.errors import Attempt, advice, brief
from unisono.client.cli.formatting.events import (
    event_json,
    event_line,
    held_json,
    held_line,
    status_json,
    status_line,
)
from unisono.client.cli.signals import run_until_first_done

Seen = tuple[Status, Exception | None]


class LineReporter:
    """Prints first what a device holds, then its events, as lines of text or as JSON objects.

    With `bell`, lines of text that ring also sound the terminal's bell. Beside lines of text, the status
    of the connection goes to stderr: those on stdout are notifications. `is_last` says of an error that the
    command ends with it, and says so itself.
    """

    def __init__(
        self,
        device: Device,
        *,
        attempt: Attempt,
        as_json: bool,
        bell: bool,
        is_last: Callable[[Exception | None], bool],
    ) -> None:
        self._device = device
        self._attempt = attempt
        self._as_json = as_json
        self._bell = bell
        self._is_last = is_last
        self._printed = asyncio.Event()

    async def run(self) -> None:
        """Print until the device ends for good, and raise why."""
        await run_until_first_done(self._changes(self._device.events()), self._connection())

    def remark(self, text: str) -> None:
        """Print on stderr what is not about a notification."""
        click.echo(json_output.json_line({"message": text}) if self._as_json else text, err=True)

    async def _changes(self, events: Events) -> None:
        news_after = 0
        if not self._device.revision:
            await self._device.wait_for(lambda device: device.status is Status.LIVE or device.revision > 0)
            news_after = self._device.revision
        for row in reversed(self._device.shown):
            self._held(row)
        self._printed.set()
        async for event in events:
            # What was just printed as held is not printed again, unless it rings.
            if event.revision > news_after or event.removed or event.ring:
                self._happened(event)

    async def _connection(self) -> None:
        shown, described = (Status.OFFLINE, ""), brief if self._as_json else advice
        while True:
            seen = status, error = self._device.status, self._device.error
            now = status, described(error, self._attempt) if error else ""
            if now != shown and status in (Status.LIVE, Status.OFFLINE) and not self._is_last(error):
                if status is Status.LIVE:
                    await self._printed.wait()
                self._connected(*now)
                shown = now
            await self._device.wait_for(partial(_differs, seen))

    def _held(self, row: Notification) -> None:
        if self._as_json:
            click.echo(json_output.json_line(held_json(row)))
        else:
            click.echo(held_line(row))

    def _happened(self, event: Event) -> None:
        if self._as_json:
            click.echo(json_output.json_line(event_json(event, self._device.unread_count)))
        else:
            sound = "\a" if event.ring and self._bell else ""
            click.echo(sound + event_line(event))

    def _connected(self, status: Status, error: str) -> None:
        unread_count, revision = self._device.unread_count, self._device.revision
        if self._as_json:
            click.echo(json_output.json_line(status_json(status, error, unread_count, revision)))
        else:
            click.echo(status_line(status, error, self._device.badge), err=True)


def _differs(seen: Seen, device: Device) -> bool:
    return (device.status, device.error) != seen
