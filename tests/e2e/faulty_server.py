"""`unisono-server` with faults: it stumbles over the token of one user, and over every read by id."""

from collections.abc import Iterable
from typing import Any, Final, NoReturn

import pytest

from unisono.server.cli import main
from unisono.server.core.access import checks
from unisono.server.core.access.claims import Claims, scopes_of
from unisono.server.core.notifications import Notifications

FAULTY_USER: Final = "somebody-whose-token-breaks-it"


def _stumble(claims: Claims, names: Iterable[str]) -> frozenset[str]:
    if claims.get("sub") == FAULTY_USER:
        raise RuntimeError(f"stumbled over {claims}")
    return scopes_of(claims, names)


async def _fall(notifications: Notifications, actor: Any, ref: Any) -> NoReturn:
    raise RuntimeError(f"stumbled over {actor} {ref}")


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "scopes_of", _stumble)
        patch.setattr(Notifications, "get", _fall)
        main()
