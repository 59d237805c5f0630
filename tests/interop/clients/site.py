"""A server that keeps its port and its store when it is started anew."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.support.processes import TESTERS, serving

#: The transport that is tried; the tests of the rest of the project have another default.
TRANSPORT: Final = os.environ.get("TRANSPORT", "http")


class Site:
    """A server at one address, which is there once it was started."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._running = ExitStack()
        self.address = "127.0.0.1:0"

    def start(self) -> None:
        """Start the server."""
        env = {**TESTERS, "UNISONO_TRANSPORT": TRANSPORT}
        flags = ("--listen", self.address)
        self.address = self._running.enter_context(serving(self._store, *flags, env=env)).address

    def restart(self) -> None:
        """Stop the server as an operator does, by SIGTERM, and start it again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop the server, and wait for its end."""
        self._running.close()


@contextmanager
def site(store: Path) -> Iterator[Site]:
    """Run a server."""
    running = Site(store)
    running.start()
    try:
        yield running
    finally:
        running.stop()
