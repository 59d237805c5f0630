"""The options of a run: which groups, and how much of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from benchmarks.groups.registry import GROUPS, GROWN
from benchmarks.metrics import Group, Scale

#: The committed result, of which the page is made.
COMMITTED: Final = Path("docs/performance/result.json")

#: A quick run shows that everything works, but hardly how fast.
_SCALES: Final[Mapping[str, Scale]] = {
    "full": Scale(rounds=5, size=1.0),
    "quick": Scale(rounds=1, size=0.05),
}

ORDER: Final[Sequence[str]] = [group.name for group in (*GROUPS, *GROWN)]
"""The order in which groups are saved and shown, by name."""

Function = Callable[..., Any]

_OPTIONS: Final = (
    click.option(
        "--scale",
        "scale",
        type=click.Choice(list(_SCALES)),
        default="full",
        show_default=True,
        help="how much is done",
    ),
    click.option("--only", multiple=True, metavar="NAME", help="only this group; repeatable"),
    click.option("--growth", is_flag=True, help="the groups of how costs grow, instead of the others"),
    click.option("--metrics", is_flag=True, help="our servers serve metrics, and are scraped each 5 s"),
    click.option("--rounds", type=click.IntRange(1), metavar="N", help="so many, whatever the scale"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The groups to run, their scale, and whether our servers serve `metrics`.

    `command` is the command line that runs them, without names.
    """

    groups: Sequence[Group]
    scale: Scale
    metrics: bool
    command: str

    @classmethod
    def of(
        cls, *, scale: str, only: Sequence[str], growth: bool, metrics: bool, rounds: int | None
    ) -> "Choice":
        """Read the options of a run. Raises `click.BadParameter` for an unknown group."""
        groups = {group.name: group for group in (GROWN if growth else GROUPS)}
        for name in only:
            if name not in groups:
                raise click.BadParameter(f"there is no group {name!r}, but {', '.join(groups)}")
        chosen, command = _SCALES[scale], "make bench-growth" if growth else "make bench"
        return cls(
            groups=[group for name, group in groups.items() if not only or name in only],
            scale=replace(chosen, rounds=rounds or chosen.rounds),
            metrics=metrics,
            command=f"{command} METRICS=yes" if metrics else command,
        )


def run_options(function: Function) -> Function:
    """Decorate a command with the options of a run, which are those of `Choice.of`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def names() -> Iterator[str]:
    """Yield a line of help for each group: its name and title."""
    for group in GROUPS:
        yield f"{group.name:<12} {group.title}"
    for group in GROWN:
        yield f"{group.name:<12} {group.title} (--growth)"
