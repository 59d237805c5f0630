"""The units of systemd that the project ships: what they say, and what they mean on the machine of a test."""

import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.packaging.sources import ROOT

UNITS: Final = ROOT / "deploy" / "systemd"


def directives(unit: Path) -> dict[str, list[str]]:
    """The values of each directive of a unit; one that is empty takes those before it away, as in systemd."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith(("#", ";", "[")):
            found[name] = [*found[name], value] if value else []
    return dict(found)


def moved(text: str, places: Mapping[str, Path]) -> str:
    """A text with other folders in the place of those that it names."""
    for folder, here in places.items():
        text = text.replace(folder, str(here))
    return text


def command(unit: Path) -> Sequence[str]:
    """What the unit starts, as arguments."""
    (line,) = directives(unit)["ExecStart"]
    return shlex.split(line)
