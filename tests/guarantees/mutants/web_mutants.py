"""Patches of the doors of the web."""

from typing import Final

from tests.guarantees.mutants.mutant import Mutant
from tests.guarantees.patches import Patch
from tests.guarantees.torture.trials import web

OF_THE_WEB: Final = (
    Mutant(
        name="streams of Connect lose what they tell",
        promise="Complete",
        quick=True,
        trial=web.KILLED,
        patch=Patch(
            file="api/web/stream.py",
            old="await self._exchange.write(framed(response))",
            new="len(response) % 4 and await self._exchange.write(framed(response))",
        ),
    ),
)
