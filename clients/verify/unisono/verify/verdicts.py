"""What there is to say of each promise after a history: kept, broken, or that nothing could show it."""

from dataclasses import dataclass
from enum import Enum

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.check_counts import CheckCounts, count_checks
from unisono.verify.checker import PROMISES, check
from unisono.verify.history import History


class Outcome(Enum):
    """Of one promise. NOT_JUDGED: no call and no message in the history could have shown it broken."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on a promise: `checks` counts what it was checked on, `broken` is the first case."""

    promise: str
    checks: CheckCounts
    broken: BrokenPromise | None = None

    @property
    def outcome(self) -> Outcome:
        """In a word."""
        if self.broken is not None:
            return Outcome.BROKEN
        return Outcome.KEPT if any(self.checks.values()) else Outcome.NOT_JUDGED


def verdicts(history: History) -> list[Verdict]:
    """Of all promises, in the order of the contract."""
    broken, known = check(history), count_checks(history)
    return [Verdict(promise=name, checks=known[name], broken=broken.get(name)) for name in PROMISES]
