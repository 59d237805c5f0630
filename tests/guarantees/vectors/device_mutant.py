"""A device that is broken on purpose, in two languages."""

from dataclasses import dataclass

from tests.guarantees.patches import Patch


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMutant:
    """A rule of docs/devices.md that is broken; with `always`, also in `make test`.

    `python_too` is for a rule that the SDK keeps in two places.
    """

    breaks: str
    python: Patch
    python_too: Patch | None = None
    go: Patch | None = None
    always: bool = False
