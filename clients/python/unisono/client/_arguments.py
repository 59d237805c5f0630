"""Checks of arguments, made before anything is sent: the error names the argument, what it must be and is.

A wrong name or type raises `TypeError`, which mypy finds, too. Limits are left to the service.
"""

import difflib
import functools
import math
import reprlib
import types
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from unisono.client._errors import InvalidRequest

Value = TypeVar("Value")

#: A length of time: a number of seconds, or a timedelta.
Seconds = float | timedelta

_TEXTS = (str, bytes, bytearray)


def check_options(given: Mapping[str, object], kind: type) -> None:
    """Check keyword arguments against the `TypedDict` that describes them.

    Raises `TypeError` for an unknown name, with the nearest known one, and whatever `check` raises.
    """
    hints = _hints(kind)
    for name, value in given.items():
        if name not in hints:
            raise TypeError(_unknown(name, hints))
        check(name, value, hints[name])


def check(name: str, value: object, kind: Any) -> None:
    """Check that an argument is of a type: a class, a union, or an `Iterable` or a `Mapping` of classes.

    Raises `TypeError` where it is not, and `InvalidRequest` for text that UTF-8 cannot encode. The members of
    an `Iterable` or a `Mapping` are not checked. No bool passes as an int, and no text as an `Iterable`.
    """
    if not _is(value, kind):
        raise TypeError(f"{name}: must be {_described(kind)}; is {reprlib.repr(value)}")
    if isinstance(value, str):
        _check_text(name, value)


def check_each(name: str, values: Iterable[Value], kind: type[Value]) -> list[Value]:
    """Return the members of an argument as a list. Raises as `check` does, and names the wrong member."""
    members = list(values)
    for index, member in enumerate(members):
        check(f"{name}[{index}]", member, kind)
    return members


def check_texts(name: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return an argument of texts by name as a dict. Raises as `check` does, and names the wrong text."""
    texts = dict(values)
    for key, text in texts.items():
        check(f"a key of {name}", key, str)
        check(f"{name}[{reprlib.repr(key)}]", text, str)
    return texts


def seconds(name: str, value: object) -> float:
    """Return a length of time as a number of seconds.

    Raises `TypeError` for what is no finite int or float and no timedelta; any sign passes.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{name}: must be a number of seconds, such as 5.0, or a timedelta; is {value!r}")
    return value


def set_fields(target: object, **values: object) -> None:
    """Set the fields of a frozen dataclass, in an `__init__` that takes more than their types."""
    for name, value in values.items():
        object.__setattr__(target, name, value)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _is(value: object, kind: Any) -> bool:
    if isinstance(kind, type):
        return isinstance(value, kind) and not (isinstance(value, bool) and kind is int)
    if get_origin(kind) in (Union, types.UnionType):
        return any(_is(value, member) for member in get_args(kind))
    # A text is an iterable of strings, too, but nobody means its letters.
    return isinstance(value, get_origin(kind)) and not isinstance(value, _TEXTS)


def _described(kind: Any) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_described(member) for member in get_args(kind))
    if get_origin(kind) is Mapping:
        return "a mapping of {} to {}".format(*(member.__name__ for member in get_args(kind)))
    if get_origin(kind) is not None:
        return f"several, each {_described(get_args(kind)[0])}"
    if kind is types.NoneType:
        return "None"
    example = f", such as {kind.__name__}.{list(kind)[-1].name}" if issubclass(kind, Enum) else ""
    return f"a {kind.__name__}{example}"


def _unknown(name: str, hints: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, hints, n=1)
    return f"there is no argument {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _check_text(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        problem = "has a lone surrogate, which no text can have"
        raise InvalidRequest(
            f"{name}: {problem}", reason="INVALID_REQUEST", violations={name: problem}
        ) from None
