"""The bus of a single process: a hint reaches its listeners at once."""

import structlog

from unisono.server.bus.base import Hint, Listener

log = structlog.get_logger(__name__)


class LocalBus:
    """A `Bus` that calls its listeners within `publish`, in order of subscription, and so loses no hint."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    async def open(self) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """See `Bus.close`."""
        self._listeners.clear()

    def listen(self, listener: Listener) -> None:
        """See `Bus.listen`."""
        self._listeners.append(listener)

    def publish(self, hint: Hint) -> None:
        """See `Bus.publish`. What a listener raises is logged."""
        for listener in self._listeners:
            try:
                listener(hint)
            except Exception:
                # The publisher has committed: an error would look as if it had not.
                log.exception("a listener failed")
