"""The headings of a document, and how links name them."""

import re
from typing import Final

HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchor(title: str) -> str:
    """Return a heading as links name it, in the way of GitHub."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
