"""Reads the JSON of senders, and picks texts from it. Whatever has another type is not there."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeAlias

from unisono.server.errors import Reason, RequestMalformed

MOST_BYTES: Final = 256 * 1024
"""Bytes that the body of a hook may have. A person is to read some lines of it, and few are longer."""

Document: TypeAlias = Mapping[str, Any]


def document(body: bytes) -> Document:
    """Return the JSON object that a body of at most `MOST_BYTES` is. Raises RequestMalformed for none.

    How deep it may be nested, and how long a number may be, Python bounds. A body made to take long takes
    25 ms, one of a usual sender a tenth of that.
    """
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    except RecursionError:
        raise _malformed("it is nested too deep") from None
    except ValueError as error:
        is_form = body.startswith(b"payload=")
        raise _malformed(
            "it is a form: have the sender use application/json" if is_form else str(error)
        ) from None
    if not isinstance(found, dict):
        raise _malformed("it is no object")
    return found


def at(found: object, *path: str) -> object:
    """Return what is at a path of names, and of indices where there are lists; None where nothing is."""
    for step in path:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and len(step) < _LONGEST_INDEX:
            found = found[int(step)] if int(step) < len(found) else None
        else:
            return None
    return found


#: Halves of characters, which JSON can write, and UTF-8 cannot.
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

#: Digits of an index, and one more.
_LONGEST_INDEX: Final = 7


def text(found: object, *path: str) -> str:
    """Return the text or the number at a path as text, empty where there is none."""
    there = at(found, *path)
    if isinstance(there, str):
        return _SURROGATES.sub("\ufffd", there)
    return str(there) if isinstance(there, int | float) and not isinstance(there, bool) else ""


def items(found: object, *path: str) -> list[Any]:
    """Return the list at a path, empty where there is none."""
    there = at(found, *path)
    return there if isinstance(there, list) else []


def texts(found: object, *path: str) -> dict[str, str]:
    """Return the object at a path, without what is no text or number in it."""
    there = at(found, *path)
    names = there if isinstance(there, dict) else ()
    return {_SURROGATES.sub("\ufffd", name): found for name in names if (found := text(there, name))}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is none of JSON")


def _malformed(why: str) -> RequestMalformed:
    return RequestMalformed(Reason.REQUEST_MALFORMED, f"the body is not what is expected of JSON: {why}")
