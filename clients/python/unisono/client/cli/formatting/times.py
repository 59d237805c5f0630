"""Times as people read and type them: 2 min ago, 14:30; 90s, 2h, 2030-01-31T08:00. Pure functions.

`now` also gives the zone of what is read; what is typed without a zone is in this machine's.
"""

import re
from datetime import datetime, timedelta
from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))
_TYPED_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_TYPED: Final = re.compile("([0-9]{1,9})([smhd]?)")

#: More than the service keeps anything, and little enough to count from any time of today's calendar.
_LONGEST: Final = timedelta(days=36_500)


def span(length: timedelta) -> str:
    """Return a span in its largest unit alone: "3 s", "12 min", "5 h", "2 d"; "0 s" for a negative one.

    Clocks that differ make spans negative.
    """
    seconds = max(0, int(length.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ago(when: datetime, now: datetime) -> str:
    """Return how long ago a time was: "2 min ago"; "now" below 5 s, which last-seen times may be late."""
    passed = now - when
    return "now" if passed < timedelta(seconds=5) else f"{span(passed)} ago"


def clock(when: datetime, now: datetime) -> str:
    """Return a time of day, such as 14:30; with the day where it is not today's: Mon 24 Nov 14:30."""
    local = when.astimezone(now.tzinfo)
    same = local.date() == now.date()
    return f"{local:%H:%M}" if same else f"{local:%a} {local.day} {local:%b %H:%M}"


def exact(when: datetime, now: datetime) -> str:
    """Return a time to the second, in the zone of `now`: 2030-01-31 08:00:05."""
    return f"{when.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S}"


def typed_span(text: str) -> timedelta | None:
    """Return a length of time, of 1 s to 36,500 days; None for a text that is none. No unit means seconds."""
    form = _TYPED.fullmatch(text)
    length = timedelta(seconds=int(form[1]) * _TYPED_UNITS[form[2]]) if form else timedelta()
    return length if timedelta() < length <= _LONGEST else None


def typed_moment(text: str) -> datetime | None:
    """Return a point in time (ISO 8601) with this machine's zone; None for a text that is none."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        return None
