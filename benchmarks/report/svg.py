"""Draws a picture in SVG of boxes, bars, dots and text.

It has a background of its own, and colours for light and for dark pages. Equal content makes equal bytes.
"""

from collections.abc import Mapping
from html import escape
from typing import Final

#: Colours by class, on a light background and on a dark one.
_COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "ground": ("#ffffff", "#15191f"),
    "ink": ("#1f2328", "#e6edf3"),
    "muted": ("#5c6570", "#9aa4af"),
    "grid": ("#dde2e7", "#2c333b"),
    "edge": ("#7b8591", "#7b8591"),
    "good": ("#1a6fc9", "#58a6ff"),
    "bad": ("#c2510a", "#f0883e"),
    "other": ("#7b8591", "#8b95a0"),
}

#: Fonts that readers have; none is fetched. PNG pictures are made with the last one.
_FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'

_STYLE: Final = """\
text {{ font-family: {font}; font-size: 13px }}
.small {{ font-size: 11.5px }}
.title {{ font-size: 17px; font-weight: bold }}
.strong {{ font-weight: bold }}
.end {{ text-anchor: end }}
.middle {{ text-anchor: middle }}
{light}
@media (prefers-color-scheme: dark) {{
{dark}
}}"""

_PICTURE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" role="img"
 width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<title>{title}</title>
<style>
{style}
</style>
<rect class="ground" width="{width}" height="{height}" rx="8"/>
{shapes}
</svg>
"""


class Picture:
    """A picture under way. Lengths are pixels from the upper left; `kind` is classes of the style."""

    def __init__(self) -> None:
        self._shapes: list[str] = []

    def text(self, x: float, y: float, words: str, kind: str = "ink") -> None:
        """Draw one line of text, with its baseline at `y`."""
        self._shapes.append(f'<text class="{kind}" x="{_px(x)}" y="{_px(y)}">{escape(words)}</text>')

    def box(self, x: float, y: float, size: tuple[float, float], kind: str, opacity: float = 1.0) -> None:
        """Draw a box with rounded corners, whose width and height are `size`."""
        see_through = "" if opacity == 1.0 else f' opacity="{opacity:g}"'
        self._shapes.append(
            f'<rect class="{kind}" x="{_px(x)}" y="{_px(y)}" width="{_px(size[0])}" height="{_px(size[1])}"'
            f' rx="2"{see_through}/>'
        )

    def range(self, start: float, end: float, y: float, kind: str) -> None:
        """Draw a horizontal bar around `y`."""
        self.box(start, y - 2, (end - start, 4), kind)

    def dot(self, x: float, y: float, kind: str) -> None:
        """Draw a dot with an outline in the colour of the background."""
        self._shapes.append(f'<circle class="ground" cx="{_px(x)}" cy="{_px(y)}" r="5"/>')
        self._shapes.append(f'<circle class="{kind}" cx="{_px(x)}" cy="{_px(y)}" r="4"/>')

    def svg(self, width: int, height: int, title: str) -> str:
        """Return the picture as SVG."""
        light, dark = ("\n".join(_fill(name, pair[i]) for name, pair in _COLOURS.items()) for i in (0, 1))
        style = _STYLE.format(font=_FONT, light=light, dark=dark)
        shapes = "\n".join(self._shapes)
        return _PICTURE.format(width=width, height=height, title=escape(title), style=style, shapes=shapes)


def _fill(name: str, colour: str) -> str:
    return f".{name} {{ fill: {colour} }}"


def _px(length: float) -> str:
    """Format a length to a tenth of a pixel, which is finer than anybody sees."""
    return f"{length:.1f}".removesuffix(".0")
