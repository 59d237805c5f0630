"""The faults that a test plans for calls of the service."""

from dataclasses import dataclass

from unisono.client._errors import UnisonoError
from unisono.client.testing import errors


@dataclass(slots=True, eq=False)
class Fault:
    """An error for the next `times` calls of a method (empty: of any), before or after they take effect."""

    error: UnisonoError
    method: str
    times: int
    applied: bool


class Faults:
    """The faults that are still to be raised. While `offline` is true, every call fails."""

    def __init__(self) -> None:
        self.offline = False
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Plan a fault, after those that are planned already."""
        self._planned.append(fault)

    def check(self, method: str, *, applied: bool = False) -> None:
        """Raise the fault that is planned for a call, if any: before, or with `applied` after it took effect.

        Raises `Unavailable` while `offline`.
        """
        if self.offline:
            raise errors.connection_lost()
        for fault in self._planned:
            if fault.method in ("", method) and fault.applied is applied:
                fault.times -= 1
                if not fault.times:
                    self._planned.remove(fault)
                raise fault.error
