"""All groups, in the order in which they are run and shown."""

from collections.abc import Sequence
from typing import Final

from benchmarks.figures import Group
from benchmarks.groups.delivering import DELIVERING
from benchmarks.groups.sending import SENDING

GROUPS: Final[Sequence[Group]] = (SENDING, DELIVERING)
