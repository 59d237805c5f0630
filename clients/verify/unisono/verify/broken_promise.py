"""One case of a promise that a history shows to be broken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPromise:
    """A case in which a promise was broken.

    `promise` is a name as in docs/guarantees.md. `time` is when the case showed, in seconds since 1970; 0
    where it has no time. `evidence` is lines for people: who received what.
    """

    promise: str
    time: float
    evidence: tuple[str, ...]

    def __str__(self) -> str:
        return "\n  ".join((f"{self.promise} is broken at {self.time:.3f}:", *self.evidence))
