"""Ids that a test can predict."""

from itertools import count

from unisono.server.clock import uuid7


class SequentialIds:
    """Ids that count up from 1; every epoch is the same."""

    def __init__(self) -> None:
        self._count = count(1)

    def notification_id(self, now: int) -> str:
        return uuid7(now, next(self._count))

    def session_id(self) -> str:
        return f"session-{next(self._count)}"

    def epoch(self) -> bytes:
        return b"an epoch"


class CountedEpochs(SequentialIds):
    """Sequential ids with a new epoch each time, of eight bytes as all are."""

    def epoch(self) -> bytes:
        return f"epoch {next(self._count):02}".encode()
