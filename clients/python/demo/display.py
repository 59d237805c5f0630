"""Where the scenario is shown: what it tells its audience, and nothing of how that is drawn."""

from typing import Protocol

from demo.device import DemoDevice
from unisono.client import Event


class Display(Protocol):
    """An audience, in a terminal or not."""

    def narrate(self, what: str) -> None:
        """The narrator says what happens next."""
        ...

    def happened(self, device: DemoDevice, event: Event) -> None:
        """A device has learnt of something."""
        ...

    def switched(self, device: DemoDevice) -> None:
        """A device went on or off."""
        ...

    def say(self, who: str, what: str) -> None:
        """A line at the end: who holds what."""
        ...

    async def pause(self, share: float = 1.0) -> None:
        """Time to look at it, for whoever needs some; `share` is how much of the usual."""
        ...
