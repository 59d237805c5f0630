"""The description of a trial: faults of a server, repeated in rounds, while its clients are recorded."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.guarantees.torture.context import TrialContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial. `says` describes it in a line for people.

    `full` is how many rounds `make torture` runs, `short` how many each test run does, and
    `rounds_per_history` how many go into one history: longer ones need much memory to be judged. `needs` are
    tools of the system, without which it cannot be run. With `web`, all clients come over the web.
    """

    name: str
    says: str
    run: Callable[[TrialContext], Awaitable[None]]
    full: int
    short: int
    rounds_per_history: int = 10
    needs: tuple[str, ...] = ()
    web: bool = False
