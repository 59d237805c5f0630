"""The interface through which the scenario is shown, however that is drawn."""

from typing import Protocol

from demo.device import DemoDevice
from unisono.client import Event


class Display(Protocol):
    """Shows the scenario, in a terminal or not."""

    def narrate(self, what: str) -> None:
        """Show the narrator's text on what happens next."""
        ...

    def happened(self, device: DemoDevice, event: Event) -> None:
        """Show that a device has received an event."""
        ...

    def switched(self, device: DemoDevice) -> None:
        """Show that a device was switched on or off."""
        ...

    def say(self, who: str, what: str) -> None:
        """Show a line at the end: who holds what."""
        ...

    async def pause(self, share: float = 1.0) -> None:
        """Wait for as long as people need to read; `share` is how much of the usual time."""
        ...
