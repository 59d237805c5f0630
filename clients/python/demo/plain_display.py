"""The scenario as plain lines: each event with the milliseconds since the narrator's last text."""

import textwrap
import time

from rich.console import Console

from demo.device import DemoDevice
from unisono.client import ChangeType, Event, UserActionState


class PlainDisplay:
    """A `Display` for pipes, logs and terminals that cannot draw, or are too narrow for it.

    In a terminal a line that is too long is wrapped, and goes on below the beginning of its text.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def narrate(self, what: str) -> None:
        """See `Display`."""
        self._began = time.monotonic()
        self._console.print()
        self._print("", what)

    def happened(self, device: DemoDevice, event: Event) -> None:
        """See `Display`."""
        self._happened(device, described(event))
        if event.ring:
            self._happened(device, f"♪ rings: {event.notification.title}")

    def switched(self, device: DemoDevice) -> None:
        """See `Display`."""
        if not device.on:
            self._happened(device, "is offline")

    def say(self, who: str, what: str) -> None:
        """See `Display`."""
        self._print(f"  {who:<8} ", what)

    async def pause(self, share: float = 1.0) -> None:
        """Return at once: nobody watches lines as they come."""

    def _happened(self, device: DemoDevice, what: str) -> None:
        passed = (time.monotonic() - self._began) * 1000
        self._print(f"  {passed:5.0f} ms  {device.name:<8} ", what)

    def _print(self, beginning: str, what: str) -> None:
        lines = [what]
        if self._console.is_terminal:
            lines = textwrap.wrap(what, max(self._console.width - len(beginning), 1))
        for number, line in enumerate(lines):
            self._console.out(" " * len(beginning) if number else beginning, line, sep="", highlight=False)


def described(event: Event) -> str:
    """Return an event in one line: - for a removal, + created, ~ updated, = for a new state."""
    title = event.notification.title
    if event.removed:
        return f"- {title}"
    if event.change_type is ChangeType.CREATED:
        return f"+ {title}"
    if event.change_type is ChangeType.UPDATED:
        return f"~ {title}"
    row = event.notification
    read = row.read_state.name.lower()
    action = row.user_action_state
    untouched = action is UserActionState.NO_INTERACTION
    return f"= {title}: {read if untouched else f'{read}, {action.name.lower()}'}"
