"""Reads why metrics miss their targets, which people write in missed.md."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "missed.md"

NOT_EXPLAINED: Final = "Not explained yet."

_HEADING: Final = re.compile(r"^## +`?([\w-]+)`? *$", re.MULTILINE)


def explanations(text: str) -> Mapping[str, str]:
    """Return the text below each heading, by the metric in it; text before the first is left out."""
    _, *parts = _HEADING.split(text)
    return {name: why.strip() for name, why in zip(parts[::2], parts[1::2], strict=True)}
