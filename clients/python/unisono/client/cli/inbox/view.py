"""The inbox as lines of text that fill a terminal of any size, made of a `ViewModel` alone.

From top to bottom: user and status; the notifications; the selected one in full; the keys.
"""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from unisono.client._device.state import Status
from unisono.client.cli.inbox.bars import bottom, error_line, header, help_lines, remark, rule
from unisono.client.cli.inbox.detail import detail
from unisono.client.cli.inbox.rows import window
from unisono.client.cli.inbox.state import ViewModel


class InboxView:
    """A renderable of rich that fills the terminal: as many lines as it has, each as wide as it is."""

    def __init__(self, view: ViewModel) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or console.height
        for text in _screen(self._view, console, width, height):
            text.truncate(width, overflow="ellipsis", pad=True)
            # As it is: rich would wrap it, and counts characters where a line ends with blanks.
            yield from text.render(console, end="\n")


def _screen(view: ViewModel, console: Console, width: int, height: int) -> list[Text]:
    above = [header(view, width), error_line(view, width)]
    below = [remark(view, width), bottom(view, width)]
    return [*above, *_body(view, console, width, max(0, height - 4)), *below][:height]


def _body(view: ViewModel, console: Console, width: int, height: int) -> list[Text]:
    if view.helping:
        return _filled(help_lines(), height)
    if not view.rows:
        return _filled([Text(), Text(f"  {_nothing(view)}", style="dim")], height)
    room = _room_for_detail(height)
    lines = _filled(window(view, width, height - room), height - room)
    if room:
        lines.append(rule(_place(view), width))
        lines += detail(view.rows[view.selected], view.now, console, width, room - 1)
    return lines


def _room_for_detail(height: int) -> int:
    """Return how many lines the selected notification gets: about a third, none in a low terminal."""
    return min(10, height // 3 + 1) if height >= 12 else 0


def _filled(lines: Iterable[Text], height: int) -> list[Text]:
    lines = list(lines)[:height]
    return lines + [Text() for _ in range(height - len(lines))]


def _place(view: ViewModel) -> str:
    hidden = f", {view.hidden} hidden" if view.hidden else ""
    return f"{view.selected + 1} of {len(view.rows)}{hidden}"


def _nothing(view: ViewModel) -> str:
    if view.hidden:
        return f"all {view.hidden} are dismissed: h shows them"
    return "nothing yet" if view.status is Status.LIVE or view.revision else "connecting"
