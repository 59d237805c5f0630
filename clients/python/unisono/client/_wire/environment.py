"""Settings that programs leave to the environment, under the names that the command's options have there.

Where a program names no target, it is `UNISONO_TARGET`, and how to connect to it says the environment, too. A
target that a program names comes with the program's own options: what the environment has is of another.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from unisono.client._arguments import check_options
from unisono.client._wire.address import Address, ConnectionOptions

_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")


def address_of(target: str | None, connection: ConnectionOptions) -> Address:
    """Return the address that a program asks for, or that of the environment where `target` is None.

    `connection` counts before the environment. Raises `TypeError` for a wrong keyword, and `ValueError` for a
    wrong or missing value, which names the argument or the variable.
    """
    check_options(connection, ConnectionOptions)
    if target is not None:
        return Address(target=target, **connection)
    found = {"target": _required("target"), **_found_options()}
    try:
        return Address(**{**found, **connection})  # type: ignore[arg-type]  # by the same names
    except ValueError as error:
        field, _, rest = str(error).partition(":")
        named = field if field in connection else variable(field)
        raise ValueError(f"{named}:{rest}") from None


def token() -> str:
    """Return the access token of the environment. Raises `ValueError` where there is none."""
    return _required("token")


def variable(name: str) -> str:
    """Return the variable of the environment that has a setting."""
    return f"UNISONO_{name.upper()}"


def _required(name: str) -> str:
    value = os.environ.get(variable(name), "")
    if not value:
        raise ValueError(f"{name}: there is none; pass one, or set {variable(name)} in the environment")
    return value


def _found_options() -> Mapping[str, object]:
    """Return the options of the connection that the environment has."""
    readers: Mapping[str, Callable[[str, str], Any]] = {
        "tls": _flag,
        "root_certificates": _file,
        "client_certificate": _file,
        "client_key": _file,
        "no_proxy": _flag,
    }
    set_ = {name: os.environ.get(variable(name), "") for name in readers}
    found = {name: readers[name](variable(name), text) for name, text in set_.items() if text}
    if "no_proxy" in found:
        found["use_proxy"] = not found.pop("no_proxy")
    return found


def _flag(name: str, text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"{name}: must be 1 or 0; is {text!r}")
    return text.lower() in _TRUE


def _file(name: str, text: str) -> bytes:
    try:
        return Path(text).read_bytes()
    except OSError as error:
        raise ValueError(f"{name}: {text}: {error.strerror}") from None
