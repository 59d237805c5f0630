"""What the SDK logs, as remarks for whoever watches: it must not run across a screen."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from unisono.client.cli.printable import one_line


@contextmanager
def remarks(say: Callable[[str], None]) -> Iterator[None]:
    """Hand over warnings in one line each."""
    logger, handler = logging.getLogger("unisono.client"), _Handler(say)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated


class _Handler(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(one_line(record.getMessage()))
