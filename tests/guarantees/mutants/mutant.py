"""A server, or an SDK, that is broken on purpose."""

from dataclasses import dataclass

from tests.guarantees.patches import Patch
from tests.guarantees.torture.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A patch that breaks `promise`, which the trial must show; with `quick`, in turn also in `make test`.

    `rounds` are how many show it; without, a short run of the trial has enough. `transport` is the one
    that is broken, where it is one.
    """

    name: str
    promise: str
    trial: Trial
    patch: Patch
    quick: bool = False
    rounds: int | None = None
    transport: str = ""
