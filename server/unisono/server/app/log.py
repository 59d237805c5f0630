"""Configures the log: readable lines on a terminal, JSON otherwise.

A traceback shows no values of variables in either form: those of a call are tokens, claims and contents.
"""

import logging
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


def configure(form: str, level: str) -> None:
    """Configure structlog, for the whole process, to write to standard error.

    `form` is auto, console or json, where auto means console on a terminal; `level` is a level of `logging`,
    in any case.
    """
    pretty = form == "console" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(pretty),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Lossy(sys.stderr.fileno()))),
        cache_logger_on_first_use=True,
    )


def _renderers(pretty: bool) -> list[structlog.typing.Processor]:
    if pretty:
        # The default formatter shows local variables if the library Rich is installed.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class _Lossy:
    """A file that drops what cannot be written, so that no call fails because the log's reader has gone.

    It has no buffer: Python would try to write that once more at exit, and fail.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        with suppress(OSError):
            os.write(self._descriptor, text.encode(errors="backslashreplace"))

    def flush(self) -> None:
        """Do nothing: there is no buffer."""
