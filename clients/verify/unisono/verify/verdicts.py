"""What there is to say of each promise after a history: kept, broken, or that nothing could show it."""

from dataclasses import dataclass
from enum import Enum

from unisono.verify.broken import Broken
from unisono.verify.checker import PROMISES, check
from unisono.verify.grounds import Grounds, grounds
from unisono.verify.history import History


class Outcome(Enum):
    """Of one promise. NOT_JUDGED: no call and no message in the history could have shown it broken."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`grounds` is what it was judged on; `broken` is the first case, if there is one."""

    promise: str
    grounds: Grounds
    broken: Broken | None = None

    @property
    def outcome(self) -> Outcome:
        """In a word."""
        if self.broken is not None:
            return Outcome.BROKEN
        return Outcome.KEPT if any(self.grounds.values()) else Outcome.NOT_JUDGED


def verdicts(history: History) -> list[Verdict]:
    """Of all promises, in the order of the contract."""
    broken, known = check(history), grounds(history)
    return [Verdict(promise=name, grounds=known[name], broken=broken.get(name)) for name in PROMISES]
