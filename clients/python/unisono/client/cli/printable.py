"""Makes text of strangers safe to show: nothing in a title may move the cursor or reverse a line.

The contract keeps only U+0000 out of texts. Knows no terminal.
"""

import re
from typing import Final

#: C0, DEL and C1, among them ESC; and the marks that override the direction of what follows.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """The text in one line: breaks and runs of blanks are one blank, what is unsafe becomes U+FFFD."""
    return _UNSAFE.sub("\ufffd", " ".join(text.split()))


def paragraphs(text: str) -> list[str]:
    """The text line by line, without what is unsafe."""
    return [_UNSAFE.sub("\ufffd", line.expandtabs(4).rstrip()) for line in text.splitlines()]
