"""The rules for links, as the comments of `VisualContent` state them: what a device may open or load."""

import re
from typing import Final

from unisono.server.api.convert import fields
from unisono.server.api.convert.violations import Violations

#: A scheme, a colon and something behind it; nowhere white space or a control character (Unicode's Cc).
_LINK: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[^\s\x00-\x1f\x7f-\x9f]+")

#: What these open acts in the name of the app, or reads the device (WHATWG HTML, "navigate").
_FORBIDDEN: Final = frozenset(
    ("about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source")
)

#: https, a host, perhaps a port, and then nothing, or a path, query or fragment. No name of a user before the
#: host, and no backslash, which browsers take for a slash.
_PICTURE: Final = re.compile(
    r"https://(?:[^/?#@:\\\[\]]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?#].*)?", re.IGNORECASE
)


def link(violations: Violations, field: str, value: str, limit: int) -> bool:
    """Validate a link: at most `limit` bytes, a scheme that is not forbidden, and more behind it.

    Returns whether it is one.
    """
    if not fields.sized(violations, field, fields.size_of(value), limit):
        return False
    form = _LINK.fullmatch(value)
    if form is None:
        violations.add(field, "must be a scheme, a colon and more, without white space or control characters")
    elif form[1].lower() in _FORBIDDEN:
        violations.add(field, f"must not have the scheme {form[1].lower()}")
    else:
        return True
    return False


def picture(violations: Violations, field: str, value: str, limit: int) -> bool:
    """Validate where a picture is: a link that is https:// and a host. Returns whether it is one."""
    if not link(violations, field, value, limit):
        return False
    if _PICTURE.fullmatch(value):
        return True
    violations.add(field, "must be https:// and a host")
    return False
