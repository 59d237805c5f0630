"""Keeps what a server records for an audit."""

from typing import Any

from tests.support.clocks import FakeClock
from unisono.server.api.audit import Audit, Record


class Records(list[dict[str, Any]]):
    """What was recorded, and an audit that records it."""

    def audit(self, *, reads: bool) -> Audit:
        return Audit(self.add, FakeClock(), reads=reads)

    def add(self, record: Record) -> None:
        assert all(isinstance(value, str | int) for value in record.values())
        self.append({name: value for name, value in record.items() if value != ""})

    def taken(self) -> list[dict[str, Any]]:
        """Return what was recorded of calls since the last time, without where they came from.

        How many refusals were left out is recorded a second later, when another test may have begun.
        """
        found = [record for record in self if record["event"] != "refusals left out"]
        self.clear()
        assert all(record.pop("peer").startswith("127.0.0.1:") for record in found)
        assert all(record.pop("request_id") for record in found)
        return found
