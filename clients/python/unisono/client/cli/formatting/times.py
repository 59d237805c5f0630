"""Times as people read and type them: 2 min ago, 14:30; 90s, 2h, 2030-01-31T08:00. Knows no clock.

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


def typed_span(text: str) -> timedelta | None:
    """A length of time, of at least a second; None if that is none."""
    form = _TYPED.fullmatch(text)
    length = timedelta(seconds=int(form[1]) * _TYPED_UNITS[form[2]]) if form else timedelta()
    return length if timedelta() < length <= _LONGEST else None


def typed_moment(text: str) -> datetime | None:
    """A point in time; None if that is none."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        return None
