"""Describes invalid settings to the operator, one line for each."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from unisono.server.config.setting import FILE, TABLES, URL, unit_of


class InvalidSettings(Exception):
    """Raised for settings that cannot be used. `problems` has one line for each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems: Final = tuple(problems)


def problems_of(
    error: ValidationError, fields: Mapping[str, FieldInfo], origins: Mapping[str, str]
) -> list[str]:
    """Return a line for each bad setting: its name, where its value comes from, what is wrong, the value.

    Values that may be long or secret are left out.
    """
    return [_problem(detail, fields, origins) for detail in error.errors(include_url=False)]


def unknown_name(name: str, known: Iterable[str]) -> str:
    """Return a message that `name` is no setting, with the most similar known name if there is one."""
    near = get_close_matches(name, known, n=1)
    return f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else "")


def _problem(detail: Any, fields: Mapping[str, FieldInfo], origins: Mapping[str, str]) -> str:
    name, *steps = detail["loc"]
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    text = f"{name}{where} ({origins.get(name, 'default')}): {_words(detail, fields[name])}"
    unit = unit_of(fields[name])
    return text if unit in _NOT_REPEATED else f"{text} (unit: {unit}); it is {detail['input']}"


_NOT_REPEATED: Final = (TABLES, URL, FILE)
"""Values with these units may be long, or secret."""


def _words(detail: Any, field: FieldInfo) -> str:
    """Return pydantic's message in the style of the others."""
    if detail["type"] == "extra_forbidden":
        (table, _) = get_args(field.annotation)
        return unknown_name(detail["loc"][-1], table.model_fields)
    text = str(detail["msg"]).removeprefix("Value error, ").replace("Input should", "must")
    return text[:1].lower() + text[1:]
