"""A server, or an SDK, that is broken on purpose."""

from dataclasses import dataclass

from tests.guarantees.patches import Patch
from tests.guarantees.torture.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A patch that breaks `promise`, which the trial must show; with `always`, also in `make test`.

    `rounds` are how many show it, where that is not a short run of the trial. `transport` is the one that is
    broken, where it is one.
    """

    name: str
    promise: str
    trial: Trial
    patch: Patch
    always: bool = False
    rounds: int | None = None
    transport: str = ""
