"""A broken promise, with its evidence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPromise:
    """`promise` is its name in the contract, `time` is when it showed, `evidence` is lines of words."""

    promise: str
    time: float
    evidence: tuple[str, ...]

    def __str__(self) -> str:
        return "\n  ".join((f"{self.promise} is broken at {self.time:.3f}:", *self.evidence))
