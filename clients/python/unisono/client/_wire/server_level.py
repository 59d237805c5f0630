"""Refuses requests with fields that the server does not know yet. Asks it only where that matters."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final

from google.protobuf.message import Message

from unisono.client._errors import ServerTooOld
from unisono.client._wire.contract_levels import NEWEST, OLDEST, field_above

#: For how many seconds a server counts as old that was: it may be upgraded while the client runs.
BELIEVED: Final = 1.0


class ServerLevel:
    """The contract level of the server: not known at first, and for good once it is the newest."""

    def __init__(self) -> None:
        self._level = OLDEST
        self._believed_until = -math.inf
        self._asking = asyncio.Lock()

    def may_lack(self, request: Message) -> bool:
        """Return whether a request has fields that the server, as far as is known, does not know."""
        return self._level < NEWEST and field_above(request, self._level) is not None

    def refusal(self, request: Message) -> ServerTooOld | None:
        """Return the error for a request with a field that the server, by its last answer, does not know."""
        field = field_above(request, self._level)
        if field is None:
            return None
        return ServerTooOld(
            f"the server does not know {field} yet: upgrade it, or leave that out",
            metadata={"field": field, "contract_level": str(self._level)},
        )

    async def check(self, request: Message, ask: Callable[[], Awaitable[int]]) -> None:
        """Raise `ServerTooOld` for a request with a field that the server does not know.

        `ask` returns its level: it is called once for all who wait, and not again for a second after a level
        that is not the newest. Raises what that raises.
        """
        async with self._asking:
            if self._level < NEWEST and time.monotonic() >= self._believed_until:
                self._level = max(OLDEST, await ask())
                self._believed_until = time.monotonic() + BELIEVED
        if (refusal := self.refusal(request)) is not None:
            raise refusal
