"""The lines around the list of the inbox: header, error, remark, keys, and help. Pure functions."""

from typing import Final

from rich.text import Text

from unisono.client._device.state import Status
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.formatting.times import clock, span
from unisono.client.cli.inbox.keymap import ALWAYS, ASK, ASK_BRIEFLY, HELP, KEYS, MARKS
from unisono.client.cli.inbox.state import ViewModel

#: Narrower than this, in columns of the terminal, only the essentials are shown.
WIDE: Final = 60

_STATUS: Final = {
    Status.LIVE: ("● live", "green"),
    Status.CATCHING_UP: ("◐ catching up", "yellow"),
    Status.OFFLINE: ("○ offline", "red"),
    Status.CLOSED: ("○ ended", "red"),
}


def header(view: ViewModel, width: int) -> Text:
    """Return the first line: user and device on the left, status and unread count on the right."""
    left = Text(" ")
    if view.user_id:
        left.append(one_line(view.user_id), "bold").append(" · ", "dim")
    left.append(one_line(view.endpoint_id), "" if view.user_id else "bold")
    right = _state(view, wide=width >= WIDE)
    left.truncate(max(0, width - right.cell_len - 2), overflow="ellipsis")
    return left.append(" " * (width - left.cell_len - right.cell_len)).append_text(right)


def error_line(view: ViewModel, width: int) -> Text:
    """Return the second line: why the device is offline, and since when; a plain rule while it is not."""
    if view.status is not Status.OFFLINE or not view.error:
        return rule("", width)
    return rule(f"since {clock(view.since, view.now)}: {view.error}", width, "red")


def remark(view: ViewModel, width: int) -> Text:
    """Return the line with the notice, if there is one, and how many marks wait for the connection."""
    waiting = view.pending_marks
    said = [view.notice] if view.notice else []
    if waiting:
        said.append(f"{waiting} mark{' waits' if waiting == 1 else 's wait'} for the connection")
    return rule(" · ".join(said), width, "yellow")


def rule(text: str, width: int, style: str = "dim") -> Text:
    """Return a rule across the screen, with a text at its beginning unless that is empty."""
    line = Text().append(f"── {text} " if text else "", style)
    line.truncate(width, overflow="ellipsis")
    return line.append("─" * (width - line.cell_len), "dim")


def bottom(view: ViewModel, width: int) -> Text:
    """Return the last line: the keys, or the question that the next key answers."""
    if not view.asking:
        return keys(width)
    return Text(f" {ASK if width >= WIDE else ASK_BRIEFLY} ", "bold black on yellow")


def keys(width: int) -> Text:
    """Return the keys that fit, with their meanings where there is room; help and quit always have theirs."""
    line, last = Text(" "), Text("  ").join(map(_key, ALWAYS))
    for key, word in KEYS:
        named = _key((key, word)).append("  ") if width >= WIDE else Text(f"{key} ", "bold cyan")
        if line.cell_len + named.cell_len + last.cell_len <= width:
            line.append_text(named)
    return line.append_text(last)


def help_lines() -> list[Text]:
    """Return the help: what the keys do, and what the marks mean."""
    return [
        Text(),
        *(Text(f"  {key:<8}  ", "bold cyan").append(what, "default not bold") for key, what in HELP),
        Text("  ").append_text(Text("  ").join(map(_key, MARKS))),
    ]


def _key(pair: tuple[str, str]) -> Text:
    key, word = pair
    return Text().append(key, "bold cyan").append(f" {word}", "dim")


def _state(view: ViewModel, *, wide: bool) -> Text:
    words, style = _STATUS[view.status]
    right = Text().append(words, style)
    if view.status is Status.OFFLINE:
        right.append(f" {span(view.now - view.since)}")
    badge = f" {view.unread_count} unread " if wide else f" {view.unread_count} "
    right.append("  ").append(badge, "bold white on red" if view.unread_count else "dim")
    if wide:
        right.append(f"  revision {view.revision}", "dim")
    return right.append(" ")
