"""The warnings in the SDK's log, printed where a command's user sees them."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from unisono.client.cli.formatting.texts import one_line


@contextmanager
def remarks(say: Callable[[str], None]) -> Iterator[None]:
    """Pass each warning of the SDK to `say`, in one line, and to no other handler, until the block ends."""
    logger = logging.getLogger("unisono.client")
    before = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [_Handler(say)], False
    try:
        yield
    finally:
        logger.handlers, logger.propagate = before


class _Handler(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        # The command says itself that a call failed, or that a device is offline.
        if not getattr(record, "outage", False):
            self._say(one_line(record.getMessage()))
