"""Gives the verdict on each promise after a history: kept, broken, or not judged."""

from dataclasses import dataclass
from enum import Enum

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.check_counts import CheckCounts, count_checks
from unisono.verify.checker import PROMISES, check
from unisono.verify.history import History


class Outcome(Enum):
    """The result for one promise. NOT_JUDGED: nothing in the history puts the promise to the test."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on one promise.

    `checks` are the numbers of checks by kind; `broken` is the first case, None where there is none.
    """

    promise: str
    checks: CheckCounts
    broken: BrokenPromise | None = None

    @property
    def outcome(self) -> Outcome:
        """Return BROKEN for a case, KEPT for checks without one, and NOT_JUDGED without checks."""
        if self.broken is not None:
            return Outcome.BROKEN
        return Outcome.KEPT if any(self.checks.values()) else Outcome.NOT_JUDGED


def verdicts(history: History) -> list[Verdict]:
    """Judge a history: a verdict for each promise, in the order of docs/guarantees.md."""
    broken, known = check(history), count_checks(history)
    return [Verdict(promise=name, checks=known[name], broken=broken.get(name)) for name in PROMISES]
