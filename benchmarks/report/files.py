"""The files that are made of a result: the page, and its pictures in SVG and PNG."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import resvg_py

from benchmarks.report.explanations import FILE, explanations
from benchmarks.report.overview import overview
from benchmarks.report.page import OVERVIEW, PICTURES, page
from benchmarks.report.workloads import workloads
from benchmarks.results import Result

PAGE: Final = "performance.md"

#: Dots of a PNG for each pixel of a picture: many screens have two.
_ZOOM: Final = 2.0


def texts(result: Result) -> Mapping[str, str]:
    """Make the page and the SVG pictures of a result, by path from the folder of the page."""
    pictures = {OVERVIEW: overview(result), **{group.name: workloads(group) for group in result.groups}}
    return {
        PAGE: page(result, explanations(FILE.read_text(encoding="utf-8"))),
        **{f"{PICTURES}/{name}.svg": svg for name, svg in pictures.items()},
    }


def write(result: Result, folder: Path) -> None:
    """Write the page and the pictures into a folder, and remove pictures of no group. Raises OSError.

    Pictures in PNG depend on the fonts of the machine, too.
    """
    made = texts(result)
    for path in left_over(made, folder):
        (folder / path).unlink()
        (folder / path).with_suffix(".png").unlink(missing_ok=True)
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    for path, text in made.items():
        (folder / path).write_text(text, encoding="utf-8")
        if path.endswith(".svg"):
            dots = resvg_py.svg_to_bytes(svg_string=text, zoom=_ZOOM)
            (folder / path).with_suffix(".png").write_bytes(dots)


def stale(result: Result, folder: Path) -> list[str]:
    """Return the paths of files that differ from the result, are missing, or are pictures of no group."""
    made = texts(result)
    return [path for path, text in made.items() if _text(folder / path) != text] + left_over(made, folder)


def left_over(made: Mapping[str, str], folder: Path) -> list[str]:
    """Return the paths of SVG pictures in the folder that are not among those made."""
    there = [f"{PICTURES}/{file.name}" for file in sorted((folder / PICTURES).glob("*.svg"))]
    return [path for path in there if path not in made]


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
