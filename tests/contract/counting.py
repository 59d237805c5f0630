"""What SQLite does for a store, counted: its steps, and its statements."""

import sqlite3
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Watch:
    """Counts the steps of the virtual machine, and keeps the statements, of every connection."""

    def __init__(self) -> None:
        self.steps = 0
        self.statements: list[str] = []

    def step(self) -> int:
        self.steps += 1
        return 0

    async def steps_of(self, work: Awaitable[object]) -> int:
        """How many steps it takes."""
        before = self.steps
        await work
        return self.steps - before

    async def statements_of(self, work: Awaitable[object]) -> list[str]:
        """What is run for it."""
        before = len(self.statements)
        await work
        return self.statements[before:]


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch the stores that are opened inside."""
    watch, connect = Watch(), sqlite3.connect

    def connected(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_progress_handler(watch.step, 1)
        connection.set_trace_callback(watch.statements.append)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connected)
        yield watch
