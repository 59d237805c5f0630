"""Configures the log: readable lines on a terminal, JSON otherwise."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, cast

import structlog

from unisono.server.app.tracebacks import ExcInfo, format_traceback


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


@contextmanager
def warnings_on_stderr() -> Iterator[None]:
    """Let warnings be lines on standard error, for a command that prints its results and is no service."""
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _renderers(pretty: bool) -> list[structlog.typing.Processor]:
    if pretty:
        return [structlog.dev.ConsoleRenderer(exception_formatter=_write_traceback)]
    return [structlog.processors.ExceptionRenderer(format_traceback), structlog.processors.JSONRenderer()]


def _write_traceback(file: TextIO, exc_info: ExcInfo) -> None:
    file.write(f"\n{format_traceback(exc_info)}")


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
