"""Tracebacks for the log: functions, lines and kinds of errors, and no values of what users sent.

The message of an error may quote a value, such as the key that a `KeyError` misses, so it is left out, but
for what the system and SQLite say.
"""

import traceback
from types import TracebackType
from typing import Final

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_SQLITE: Final = "sqlite3"

_BETWEEN: Final = "\nThat led to:\n\n"


def format_traceback(exc_info: ExcInfo) -> str:
    """Return the traceback of an error, after those of the errors that it came from."""
    chain: list[BaseException] = []
    error: BaseException | None = exc_info[1]
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return _BETWEEN.join(map(_one, reversed(chain))).rstrip("\n")


def _one(error: BaseException) -> str:
    kind = type(error)
    said = f": {error}" if isinstance(error, OSError) or kind.__module__ == _SQLITE else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{kind.__module__}.{kind.__qualname__}{said}\n"
