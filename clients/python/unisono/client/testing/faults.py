"""What a test wants to go wrong with calls. Knows nothing of what they do."""

from dataclasses import dataclass

from unisono.client._errors import UnisonoError
from unisono.client.testing import errors


@dataclass(slots=True, eq=False)
class Fault:
    """An error for the next calls, of one method if it is named, before or after they are carried out."""

    error: UnisonoError
    method: str
    times: int
    applied: bool


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self.offline = False
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Let calls fail, after those that are planned already."""
        self._planned.append(fault)

    def check(self, method: str, *, applied: bool = False) -> None:
        """Raise what is planned for a call, before or after it was carried out."""
        if self.offline:
            raise errors.connection_lost()
        for fault in self._planned:
            if fault.method in ("", method) and fault.applied is applied:
                fault.times -= 1
                if not fault.times:
                    self._planned.remove(fault)
                raise fault.error
