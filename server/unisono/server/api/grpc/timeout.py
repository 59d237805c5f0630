"""Reads `grpc-timeout`: how long the client waits for the whole call."""

import re
from typing import Final

_FORM: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_SECONDS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}


def seconds(value: bytes) -> float:
    """Return the seconds that a value such as b"250m" says: up to eight digits and a unit.

    Raises `ValueError` for any other. 0 is none that the specification has, but clients whose time is over
    send it.
    """
    found = _FORM.fullmatch(value)
    if found is None:
        raise ValueError("grpc-timeout is not up to eight digits and a unit")
    return int(found[1]) * _SECONDS[found[2]]
