"""Listens without a screen: a line for each thing that happens. Wires a device to stdout."""

import asyncio
from functools import partial

import click

from unisono.client._device.device import Device
from unisono.client._device.events import Events
from unisono.client._device.state import Status
from unisono.client._model import Event, Notification
from unisono.client.cli.ending import until_first
from unisono.client.cli.words import shapes
from unisono.client.cli.words.connections import Tried
from unisono.client.cli.words.errors import brief
from unisono.client.cli.words.events import (
    event_line,
    event_shape,
    held_line,
    held_shape,
    status_line,
    status_shape,
)

Seen = tuple[Status, Exception | None]


class Lines:
    """Tells first what the device holds, then what changes. `bell` also sounds where it rings.

    For people, how the device is connected goes to stderr: the lines on stdout are notifications.
    """

    def __init__(self, device: Device, *, tried: Tried, as_json: bool, bell: bool) -> None:
        self._device = device
        self._tried = tried
        self._as_json = as_json
        self._bell = bell
        self._told = asyncio.Event()

    async def run(self) -> None:
        """Tell until the device ends for good; raises why."""
        await until_first(self._changes(self._device.events()), self._connection())

    def remark(self, text: str) -> None:
        """Tell what is no news of a notification."""
        click.echo(shapes.line({"message": text}) if self._as_json else text, err=True)

    async def _changes(self, events: Events) -> None:
        news_after = 0
        if not self._device.revision:
            await self._device.wait_for(lambda device: device.status is Status.LIVE or device.revision > 0)
            news_after = self._device.revision
        for row in reversed(self._device.notifications):
            self._held(row)
        self._told.set()
        async for event in events:
            # What has just been told as held is no news, unless it rings.
            if event.revision > news_after or event.removed or event.ring:
                self._happened(event)

    async def _connection(self) -> None:
        shown = Status.OFFLINE, ""
        while True:
            seen = status, error = self._device.status, self._device.error
            now = status, brief(error, self._tried) if error else ""
            if now != shown and status in (Status.LIVE, Status.OFFLINE):
                if status is Status.LIVE:
                    await self._told.wait()
                self._connected(*now)
                shown = now
            await self._device.wait_for(partial(_differs, seen))

    def _held(self, row: Notification) -> None:
        if self._as_json:
            click.echo(shapes.line(held_shape(row)))
        else:
            click.echo(held_line(row))

    def _happened(self, event: Event) -> None:
        if self._as_json:
            click.echo(shapes.line(event_shape(event, self._device.unread_count)))
        else:
            sound = "\a" if event.ring and self._bell else ""
            click.echo(sound + event_line(event))

    def _connected(self, status: Status, error: str) -> None:
        unread_count, revision = self._device.unread_count, self._device.revision
        if self._as_json:
            click.echo(shapes.line(status_shape(status, error, unread_count, revision)))
        else:
            click.echo(status_line(status, error, unread_count), err=True)


def _differs(seen: Seen, device: Device) -> bool:
    return (device.status, device.error) != seen
