"""The story as a picture: three devices side by side, live, and a narrator below. Knows only the terminal."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.gadget import Gadget
from unisono.client import Event, Notification, UserActionState

#: How long a ring stays visible, in seconds.
RING: Final = 1.6

#: Lines that a device has for its notifications; the story needs five.
ROWS: Final = 6


class Screen:
    """A `Stage` that redraws itself, and lets its audience look at each step for `pace` seconds."""

    def __init__(self, console: Console, pace: float) -> None:
        self._pace = pace
        self._gadgets: Sequence[Gadget] = ()
        self._said = ""
        self._ending: list[str] = []
        self._began = time.monotonic()
        self._heard: dict[str, float] = {}
        self._rang_at: dict[str, float] = {}
        self._live = Live(get_renderable=self.draw, console=console, refresh_per_second=12)

    def show(self, gadgets: Sequence[Gadget]) -> Live:
        """Draw these; the picture is alive while the returned context is entered."""
        self._gadgets = gadgets
        return self._live

    def narrate(self, what: str) -> None:
        """See `Stage`."""
        self._said = what
        self._began = time.monotonic()
        self._heard.clear()

    def happened(self, gadget: Gadget, event: Event) -> None:
        """See `Stage`."""
        now = time.monotonic()
        self._heard[gadget.name] = now - self._began
        if event.ring:
            self._rang_at[gadget.name] = now

    def switched(self, gadget: Gadget) -> None:
        """See `Stage`: a picture shows it by itself."""

    def say(self, who: str, what: str) -> None:
        """See `Stage`."""
        self._ending.append(f"{who:<8} {what}")

    async def pause(self, share: float = 1.0) -> None:
        """See `Stage`."""
        await asyncio.sleep(self._pace * share)
        self._began = time.monotonic()

    def draw(self) -> RenderableType:
        """The whole picture, as it is now."""
        devices = Table.grid(expand=True, padding=(0, 1))
        for _ in self._gadgets:
            devices.add_column(ratio=1)
        devices.add_row(*(self._device(gadget) for gadget in self._gadgets))
        lines = [Text(self._said, style="bold"), *(Text(line) for line in self._ending)]
        return Group(devices, Panel(Group(*lines), border_style="dim"))

    def _device(self, gadget: Gadget) -> Panel:
        ringing = time.monotonic() - self._rang_at.get(gadget.name, -RING) < RING
        rows = [_row(row) for row in gadget.notifications[:ROWS]]
        rows += [Text()] * (ROWS - len(rows))
        style = "bright_yellow" if ringing else "green" if gadget.on else "bright_black"
        return Panel(
            Group(*rows),
            title=_title(gadget, ringing=ringing),
            subtitle=self._subtitle(gadget),
            border_style=style,
            style="" if gadget.on else "dim",
        )

    def _subtitle(self, gadget: Gadget) -> Text:
        if not gadget.on:
            return Text("○ offline", style="red")
        heard = self._heard.get(gadget.name)
        return Text("● live" if heard is None else f"● after {heard * 1000:.0f} ms", style="green")


def _title(gadget: Gadget, *, ringing: bool) -> Text:
    title = Text(f"♪ {gadget.name}" if ringing else gadget.name, style="bold")
    if gadget.unread_count:
        title.append(" ").append(f" {gadget.unread_count} unread ", style="bold white on red")
    return title


def _row(row: Notification) -> Text:
    """One notification: waiting, read, or dismissed."""
    if row.user_action_state is UserActionState.DISMISSED:
        sign, style = "✕ ", "dim strike"
    elif row.counts_as_unread:
        sign, style = "● ", "bold"
    else:
        sign, style = "✓ ", "dim"
    return Text.assemble(sign, (row.title, style), no_wrap=True, overflow="ellipsis")
