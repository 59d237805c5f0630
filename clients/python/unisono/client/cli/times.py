"""Times as arguments: 10m, 2h, 2030-01-31T08:00. Callbacks of click; an option left out stays None."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_FORM: Final = re.compile("([0-9]{1,9})([smhd]?)")


def span(ctx: click.Context, param: click.Parameter, text: str | None) -> timedelta | None:
    """A length of time, of at least a second."""
    if text is None:
        return None
    length = _span(text)
    if not length:
        raise click.BadParameter(f"{text} is no time such as 90s, 15m, 2h or 7d", ctx, param)
    return length


def moment(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    """A point in time; without a zone it is this machine's local time."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        example = "2030-01-31T08:00, or 2030-01-31T08:00Z"
        raise click.BadParameter(f"{text} is no time such as {example}", ctx, param) from None


def past_moment(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    """The same, or how long ago it was."""
    length = _span(text) if text else None
    return datetime.now(UTC) - length if length else moment(ctx, param, text)


def _span(text: str) -> timedelta | None:
    form = _FORM.fullmatch(text)
    return timedelta(seconds=int(form[1]) * _UNITS[form[2]]) if form else None
