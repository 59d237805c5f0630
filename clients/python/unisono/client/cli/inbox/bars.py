"""The lines around the inbox: who and how connected, what is the matter, the keys, the help. Pure."""

from typing import Final

from rich.text import Text

from unisono.client._device.state import Status
from unisono.client.cli.inbox.meanings import ALWAYS, ASK, ASK_BRIEFLY, HELP, KEYS, MARKS
from unisono.client.cli.inbox.state import Picture
from unisono.client.cli.words.texts import one_line
from unisono.client.cli.words.times import clock, span

#: Narrower than this there is only room for what matters, in columns.
WIDE: Final = 60

_STATUS: Final = {
    Status.LIVE: ("● live", "green"),
    Status.CATCHING_UP: ("◐ catching up", "yellow"),
    Status.OFFLINE: ("○ offline", "red"),
    Status.CLOSED: ("○ ended", "red"),
}


def header(picture: Picture, width: int) -> Text:
    """Who on the left, how connected on the right."""
    left = Text(" ")
    if picture.user_id:
        left.append(one_line(picture.user_id), "bold").append(" · ", "dim")
    left.append(one_line(picture.endpoint_id), "" if picture.user_id else "bold")
    right = _state(picture, wide=width >= WIDE)
    left.truncate(max(0, width - right.cell_len - 2), overflow="ellipsis")
    return left.append(" " * (width - left.cell_len - right.cell_len)).append_text(right)


def trouble(picture: Picture, width: int) -> Text:
    """Why it is offline."""
    if picture.status is not Status.OFFLINE or not picture.trouble:
        return rule("", width)
    return rule(f"since {clock(picture.since, picture.now)}: {picture.trouble}", width, "red")


def remark(picture: Picture, width: int) -> Text:
    """What came of a key, and what waits for the connection."""
    waiting = picture.pending_marks
    said = [picture.notice] if picture.notice else []
    if waiting:
        said.append(f"{waiting} mark{' waits' if waiting == 1 else 's wait'} for the connection")
    return rule(" · ".join(said), width, "yellow")


def rule(text: str, width: int, style: str = "dim") -> Text:
    """A line across the screen, with something to say or not."""
    line = Text().append(f"── {text} " if text else "", style)
    line.truncate(width, overflow="ellipsis")
    return line.append("─" * (width - line.cell_len), "dim")


def bottom(picture: Picture, width: int) -> Text:
    """The keys; or the question that the next one answers."""
    if not picture.asking:
        return keys(width)
    return Text(f" {ASK if width >= WIDE else ASK_BRIEFLY} ", "bold black on yellow")


def keys(width: int) -> Text:
    """The keys, with as many words as there is room for; help and quit always have theirs."""
    line, last = Text(" "), Text("  ").join(map(_key, ALWAYS))
    for key, word in KEYS:
        named = _key((key, word)).append("  ") if width >= WIDE else Text(f"{key} ", "bold cyan")
        if line.cell_len + named.cell_len + last.cell_len <= width:
            line.append_text(named)
    return line.append_text(last)


def help_lines() -> list[Text]:
    """What the keys do and the marks mean."""
    return [
        Text(),
        *(Text(f"  {key:<8}  ", "bold cyan").append(what, "default not bold") for key, what in HELP),
        Text("  ").append_text(Text("  ").join(map(_key, MARKS))),
    ]


def _key(pair: tuple[str, str]) -> Text:
    key, word = pair
    return Text().append(key, "bold cyan").append(f" {word}", "dim")


def _state(picture: Picture, *, wide: bool) -> Text:
    words, style = _STATUS[picture.status]
    right = Text().append(words, style)
    if picture.status is Status.OFFLINE:
        right.append(f" {span(picture.now - picture.since)}")
    badge = f" {picture.unread_count} unread " if wide else f" {picture.unread_count} "
    right.append("  ").append(badge, "bold white on red" if picture.unread_count else "dim")
    if wide:
        right.append(f"  revision {picture.revision}", "dim")
    return right.append(" ")
