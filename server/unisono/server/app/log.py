"""How the log is written: for people on a terminal, as JSON otherwise. Knows not what is logged.

A traceback has no values of variables, in neither form: those of a call are tokens, claims and contents.
"""

import logging
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


def configure(form: str, level: str) -> None:
    """Write to stderr. `form` is auto, console or json; `level` a name of `logging`."""
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
        # Its default shows local variables, where the library Rich is installed.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class _Lossy:
    """A file that loses what cannot be written: no call fails because the reader of the log has gone.

    Nothing waits in a buffer either, which Python would try to write once more at the end, and fail for.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        with suppress(OSError):
            os.write(self._descriptor, text.encode(errors="backslashreplace"))

    def flush(self) -> None:
        """Nothing waits."""
