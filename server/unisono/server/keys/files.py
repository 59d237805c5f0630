"""Keys in a file, which is read again when it changes: rotating needs no restart."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from unisono.server.clock import Clock
from unisono.server.failure_log import FailureLog
from unisono.server.keys.base import HeldKeys, Key, KeyStatus, UnusableKeys

log = structlog.get_logger(__name__)

LOOK_INTERVAL: Final = 1.0
"""Seconds between two looks at a file."""

FILE_BYTES_MAX: Final = 1024 * 1024

Parse: TypeAlias = Callable[[str, str], Sequence[Key]]
_Stamp: TypeAlias = tuple[int, int, int]


class KeyFile(HeldKeys):
    """The keys in a file. `parse` makes them of its text and its name, and raises `UnusableKeys`.

    A changed file that cannot be used, as while it is being written, is ignored: the last good keys stay in
    use, and the log says so.
    """

    def __init__(self, file: Path, parse: Parse, clock: Clock) -> None:
        """Read the file. Raises `UnusableKeys` where it cannot be read or `parse` refuses it."""
        self._file = file
        self._parse = parse
        self._clock = clock
        self._failures = FailureLog(
            "the keys in a file cannot be used; those from before stay in use", clock.monotonic
        )
        self._failed = 0
        self._stamp: _Stamp | None = self._stamped()
        self._keys = self._read()
        self._generation = 0
        self._look_at = clock.monotonic() + LOOK_INTERVAL

    @property
    def status(self) -> KeyStatus:
        """See `KeySource.status`."""
        return KeyStatus(failures=self._failed)

    @property
    def generation(self) -> int:
        """See `KeySource.generation`. Looks at the file, at most once a second."""
        if self._clock.monotonic() >= self._look_at:
            self._look()
        return self._generation

    def current(self) -> Sequence[Key]:
        """See `KeySource.current`."""
        return self._keys

    def reload(self) -> None:
        """Read the file again, whether or not it seems to have changed."""
        self._stamp = None
        self._look()

    def _look(self) -> None:
        self._look_at = self._clock.monotonic() + LOOK_INTERVAL
        try:
            stamp = self._stamped()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            keys = self._read()
        except UnusableKeys as error:
            self._failed += 1
            self._failures.add(str(self._file), error)
            return
        if tuple(keys) != tuple(self._keys):
            self._keys = keys
            self._generation += 1
            log.info("the keys in a file were renewed", file=str(self._file), keys=len(keys))

    def _read(self) -> Sequence[Key]:
        return self._parse(read_text(self._file), str(self._file))

    def _stamped(self) -> _Stamp:
        try:
            found = self._file.stat()
        except OSError as error:
            raise _unreadable(self._file, error) from error
        return found.st_mtime_ns, found.st_size, found.st_ino


def read_text(file: Path) -> str:
    """Return the text of a file of keys. Raises `UnusableKeys` where it cannot be read, or is above 1 MiB."""
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise _unreadable(file, error) from error
    if len(content) > FILE_BYTES_MAX:
        raise UnusableKeys(f"{file} has more than {FILE_BYTES_MAX} bytes")
    try:
        return content.decode()
    except ValueError as error:
        raise UnusableKeys(f"{file} cannot be read: not text") from error


def _unreadable(file: Path, error: OSError) -> UnusableKeys:
    return UnusableKeys(f"{file} cannot be read: {error.strerror or os.strerror(error.errno or 0)}")
