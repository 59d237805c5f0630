"""What is wrong with settings, in words for the operator: one line for each bad setting."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from unisono.server.config.setting import FILE, TABLES, URL, unit_of


class InvalidSettings(Exception):
    """Settings that cannot be used. `problems` has one line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems: Final = tuple(problems)


def problems_of(
    error: ValidationError, fields: Mapping[str, FieldInfo], origins: Mapping[str, str]
) -> list[str]:
    """One line for each bad setting: its name, where its value comes from, what is wrong, the value."""
    return [_problem(detail, fields, origins) for detail in error.errors(include_url=False)]


def unknown_name(name: str, known: Iterable[str]) -> str:
    """A name that nothing has, and the known one that is most like it."""
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
    """The library's sentence without its ceremony."""
    if detail["type"] == "extra_forbidden":
        (table, _) = get_args(field.annotation)
        return unknown_name(detail["loc"][-1], table.model_fields)
    text = str(detail["msg"]).removeprefix("Value error, ").replace("Input should", "must")
    return text[:1].lower() + text[1:]
