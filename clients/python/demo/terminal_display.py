"""The scenario as a picture: three devices side by side, live, and the narrator's text below."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.device import DemoDevice
from unisono.client import Event, Notification, UserActionState

#: How long a ring stays visible, in seconds.
RING: Final = 1.6

#: Lines that a device has for its notifications; the scenario needs five.
ROWS: Final = 6


class TerminalDisplay:
    """A `Display` that redraws itself, and pauses for `pace` seconds after each step."""

    def __init__(self, console: Console, pace: float) -> None:
        self._pace = pace
        self._devices: Sequence[DemoDevice] = ()
        self._said = ""
        self._ending: list[str] = []
        self._began = time.monotonic()
        self._events: dict[str, float] = {}
        self._rang_at: dict[str, float] = {}
        self._live = Live(get_renderable=self.draw, console=console, refresh_per_second=12)

    def show(self, devices: Sequence[DemoDevice]) -> Live:
        """Return a context in which these devices are drawn, and redrawn as they change."""
        self._devices = devices
        return self._live

    def narrate(self, what: str) -> None:
        """See `Display`."""
        self._said = what
        self._began = time.monotonic()
        self._events.clear()

    def happened(self, device: DemoDevice, event: Event) -> None:
        """See `Display`."""
        now = time.monotonic()
        self._events[device.name] = now - self._began
        if event.ring:
            self._rang_at[device.name] = now

    def switched(self, device: DemoDevice) -> None:
        """Do nothing: the picture shows this by itself."""

    def say(self, who: str, what: str) -> None:
        """See `Display`."""
        self._ending.append(f"{who:<8} {what}")

    async def pause(self, share: float = 1.0) -> None:
        """See `Display`."""
        await asyncio.sleep(self._pace * share)
        self._began = time.monotonic()

    def draw(self) -> RenderableType:
        """Return the whole picture, as it is now."""
        devices = Table.grid(expand=True, padding=(0, 1))
        for _ in self._devices:
            devices.add_column(ratio=1)
        devices.add_row(*(self._device(device) for device in self._devices))
        lines = [Text(self._said, style="bold"), *(Text(line) for line in self._ending)]
        return Group(devices, Panel(Group(*lines), border_style="dim"))

    def _device(self, device: DemoDevice) -> Panel:
        ringing = time.monotonic() - self._rang_at.get(device.name, -RING) < RING
        rows = [_row(row) for row in device.notifications[:ROWS]]
        rows += [Text()] * (ROWS - len(rows))
        style = "bright_yellow" if ringing else "green" if device.on else "bright_black"
        return Panel(
            Group(*rows),
            title=_title(device, ringing=ringing),
            subtitle=self._subtitle(device),
            border_style=style,
            style="" if device.on else "dim",
        )

    def _subtitle(self, device: DemoDevice) -> Text:
        if not device.on:
            return Text("○ offline", style="red")
        heard = self._events.get(device.name)
        return Text("● live" if heard is None else f"● after {heard * 1000:.0f} ms", style="green")


def _title(device: DemoDevice, *, ringing: bool) -> Text:
    title = Text(f"♪ {device.name}" if ringing else device.name, style="bold")
    if device.unread_count:
        title.append(" ").append(f" {device.unread_count} unread ", style="bold white on red")
    return title


def _row(row: Notification) -> Text:
    """Return the line of a notification: unread, read, or dismissed."""
    if row.user_action_state is UserActionState.DISMISSED:
        sign, style = "✕ ", "dim strike"
    elif row.counts_as_unread:
        sign, style = "● ", "bold"
    else:
        sign, style = "✓ ", "dim"
    return Text.assemble(sign, (row.title, style), no_wrap=True, overflow="ellipsis")
