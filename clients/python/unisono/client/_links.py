"""The rule for links, as the comment of `VisualContent` in the proto states it.

A program opens what somebody else wrote: so a device holds what it receives to the rule once more.
"""

import re
from typing import Final

#: A scheme, a colon and something behind it; nowhere white space or a control character (Unicode's Cc).
_LINK: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[^\s\x00-\x1f\x7f-\x9f]+")

#: What these open acts in the name of the program, or reads the device.
_FORBIDDEN: Final = frozenset(
    ("about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source")
)

#: https, a host, perhaps a port, and then nothing, or a path, query or fragment. No name of a user before the
#: host, and no backslash, which browsers take for a slash.
_PICTURE: Final = re.compile(
    r"https://(?:[^/?#@:\\\[\]]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?#].*)?", re.IGNORECASE
)


def problem_of_link(link: str) -> str:
    """Return what is wrong with a link, whatever its length; empty if nothing is."""
    form = _LINK.fullmatch(link)
    if form is None:
        return "must be a scheme, a colon and more, without white space or control characters"
    scheme = form[1].lower()
    return f"must not have the scheme {scheme}" if scheme in _FORBIDDEN else ""


def problem_of_picture(url: str) -> str:
    """Return what is wrong with where a picture is, whatever its length; empty if nothing is."""
    problem = problem_of_link(url)
    return problem or ("" if _PICTURE.fullmatch(url) else "must be https:// and a host")


def safe_link(link: str) -> str:
    """Return a link that keeps to the rule; empty in place of any other."""
    return "" if problem_of_link(link) else link


def safe_picture(url: str) -> str:
    """Return where a picture is, if that keeps to the rule; empty in place of any other."""
    return "" if problem_of_picture(url) else url
