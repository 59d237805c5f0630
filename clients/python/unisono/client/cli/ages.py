"""Times for people: how long ago, and what the clock says. `now` gives the zone. Knows no clock."""

from datetime import datetime, timedelta
from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def span(length: timedelta) -> str:
    """The largest unit alone: "3 s", "12 min", "5 h", "2 d". What clocks that differ make negative is 0 s."""
    seconds = max(0, int(length.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ago(when: datetime, now: datetime) -> str:
    """How long ago that was: "2 min ago"; "now" within the last seconds, which the service rounds away."""
    passed = now - when
    return "now" if passed < timedelta(seconds=5) else f"{span(passed)} ago"


def clock(when: datetime, now: datetime) -> str:
    """14:30; with the day where it is another one: Mon 24 Nov 14:30."""
    local = when.astimezone(now.tzinfo)
    same = local.date() == now.date()
    return f"{local:%H:%M}" if same else f"{local:%a} {local.day} {local:%b %H:%M}"
