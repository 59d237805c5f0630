"""What the SDK warns of, said where it is seen: for its log, a command has no other place."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from unisono.client.cli.formatting.texts import one_line


@contextmanager
def remarks(say: Callable[[str], None]) -> Iterator[None]:
    """Have each warning said, in a line, and by nobody else until this ends."""
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
        self._say(one_line(record.getMessage()))
