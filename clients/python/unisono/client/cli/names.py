"""The names of the contract's enums as people type and programs read them: lower case, without prefix."""

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

Member = TypeVar("Member", bound=Enum)


def name_of(member: Enum) -> str:
    """The name to show."""
    return member.name.lower()


def names_of(kind: Iterable[Enum]) -> list[str]:
    """The names that can be chosen: all but UNSPECIFIED."""
    return [name_of(member) for member in kind if member.value]


def member_of(kind: type[Member], name: str) -> Member:
    """What was chosen."""
    return kind[name.upper()]
