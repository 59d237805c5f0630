"""The files that are made of a result: the page, and its pictures of lines and of dots."""

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

#: Dots for each pixel: screens have two.
_ZOOM: Final = 2.0


def texts(result: Result) -> Mapping[str, str]:
    """The page and the pictures in SVG, by path from the folder of the page. They depend on nothing else."""
    pictures = {OVERVIEW: overview(result), **{group.name: workloads(group) for group in result.groups}}
    return {
        PAGE: page(result, explanations(FILE.read_text(encoding="utf-8"))),
        **{f"{PICTURES}/{name}.svg": svg for name, svg in pictures.items()},
    }


def write(result: Result, folder: Path) -> None:
    """Write all of them, and remove pictures that are of nothing any more. Raises OSError.

    The pictures of dots depend on the fonts of the machine too.
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
    """The paths of files that are not as the result has them."""
    made = texts(result)
    return [path for path, text in made.items() if _text(folder / path) != text] + left_over(made, folder)


def left_over(made: Mapping[str, str], folder: Path) -> list[str]:
    """Pictures that are of nothing."""
    there = [f"{PICTURES}/{file.name}" for file in sorted((folder / PICTURES).glob("*.svg"))]
    return [path for path in there if path not in made]


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
