"""What a trial is: something done to a server again and again, while its clients are recorded."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.guarantees.torture.context import TrialContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`says` is a line for people.

    `full` is how many rounds the torture has, `short` how many there are in every test run, and `most`
    how many go into one history: longer ones need much memory to be judged. `needs` are tools of the
    system, without which it cannot be run.
    """

    name: str
    says: str
    run: Callable[[TrialContext], Awaitable[None]]
    full: int
    short: int
    rounds_per_history: int = 10
    needs: tuple[str, ...] = ()
