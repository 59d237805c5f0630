"""The bus of a single process: a hint reaches its listeners at once. Knows nothing of sessions."""

import structlog

from unisono.server.bus.base import Hint, Listener

log = structlog.get_logger(__name__)


class LocalBus:
    """Delivers within this process, in order, with the committed changes."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    async def open(self) -> None:
        """There is nothing to connect to."""

    async def close(self) -> None:
        self._listeners.clear()

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def publish(self, hint: Hint) -> None:
        for listener in self._listeners:
            try:
                listener(hint)
            except Exception:
                # Who publishes has committed: to fail now would look as if it had not.
                log.exception("a listener failed")
