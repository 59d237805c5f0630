"""The story as plain lines: each with the milliseconds since the narrator's last one."""

import time

from demo.gadget import Gadget
from unisono.client import ChangeType, Event, UserActionState


class Lines:
    """A `Stage` for pipes, logs and terminals that cannot draw."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def narrate(self, what: str) -> None:
        """See `Stage`."""
        self._began = time.monotonic()
        print(f"\n{what}", flush=True)

    def happened(self, gadget: Gadget, event: Event) -> None:
        """See `Stage`."""
        self.say(gadget.name, described(event))
        if event.ring:
            self.say(gadget.name, f"♪ rings: {event.notification.title}")

    def switched(self, gadget: Gadget) -> None:
        """See `Stage`."""
        if not gadget.on:
            self.say(gadget.name, "is offline")

    def say(self, who: str, what: str) -> None:
        """See `Stage`."""
        passed = (time.monotonic() - self._began) * 1000
        print(f"  {passed:5.0f} ms  {who:<8} {what}", flush=True)

    async def pause(self, share: float = 1.0) -> None:
        """Nobody watches lines as they come."""


def described(event: Event) -> str:
    """An event in one line."""
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
