"""The inbox as a picture: lines of text that fill a terminal of any size. Pure: a `Picture` goes in.

From top to bottom: who and how connected; the notifications; the selected one in full; the keys.
"""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from unisono.client._device.state import Status
from unisono.client.cli.inbox.bars import bottom, header, help_lines, remark, rule, trouble
from unisono.client.cli.inbox.detail import detail
from unisono.client.cli.inbox.rows import window
from unisono.client.cli.inbox.state import Picture


class InboxView:
    """Draws a picture on all of a terminal: exactly as many lines as it has, each as wide as it is."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or console.height
        for text in _screen(self._picture, console, width, height):
            text.truncate(width, overflow="ellipsis", pad=True)
            # As it is: rich would wrap it, and counts characters where a line ends with blanks.
            yield from text.render(console, end="\n")


def _screen(picture: Picture, console: Console, width: int, height: int) -> list[Text]:
    above = [header(picture, width), trouble(picture, width)]
    below = [remark(picture, width), bottom(picture, width)]
    return [*above, *_body(picture, console, width, max(0, height - 4)), *below][:height]


def _body(picture: Picture, console: Console, width: int, height: int) -> list[Text]:
    if picture.helping:
        return _filled(help_lines(), height)
    if not picture.rows:
        return _filled([Text(), Text(f"  {_nothing(picture)}", style="dim")], height)
    room = _room_for_detail(height)
    lines = _filled(window(picture, width, height - room), height - room)
    if room:
        lines.append(rule(_place(picture), width))
        lines += detail(picture.rows[picture.selected], picture.now, console, width, room - 1)
    return lines


def _room_for_detail(height: int) -> int:
    """About a third; none where the list has little room itself."""
    return min(10, height // 3 + 1) if height >= 12 else 0


def _filled(lines: Iterable[Text], height: int) -> list[Text]:
    lines = list(lines)[:height]
    return lines + [Text() for _ in range(height - len(lines))]


def _place(picture: Picture) -> str:
    hidden = f", {picture.hidden} hidden" if picture.hidden else ""
    return f"{picture.selected + 1} of {len(picture.rows)}{hidden}"


def _nothing(picture: Picture) -> str:
    if picture.hidden:
        return f"all {picture.hidden} are dismissed: h shows them"
    return "nothing yet" if picture.status is Status.LIVE or picture.revision else "connecting"
