"""Says in the log that a server cannot be reached, or refuses: once for all who meet the same outage.

A process may have thousands of devices: the first that fails says so, and what to do, as a WARNING.
"""

import logging
import math
import time
from typing import Final
from weakref import WeakSet

from unisono.client._errors import Unauthenticated, UnisonoError
from unisono.client._hints import ARGUMENTS, by_reason
from unisono.client._wire.diagnosis import diagnose, next_step
from unisono.client._wire.tokens import ProviderFailed
from unisono.client._wire.transport import GrpcTransport, Transport, name_of

#: From one WARNING of a kind to the next are at least so many seconds, however often an outage ends.
QUIET: Final = 60.0

#: The longest text of a server that a line of the log has.
_LONGEST: Final = 500

_log = logging.getLogger("unisono.client")
_now = time.monotonic


class _Outage:
    """Who meets an outage now, and whether and when that was said."""

    def __init__(self) -> None:
        self.members: WeakSet[OutageLog] = WeakSet()
        self._said = False
        self._said_at = -math.inf

    @property
    def is_over(self) -> bool:
        """Whether nobody meets it any more, and that for long enough."""
        return not self.members and self._rested

    @property
    def _rested(self) -> bool:
        return _now() - self._said_at >= QUIET

    def meet(self, member: "OutageLog") -> bool:
        """Add a member, and return whether it is the one to say so."""
        if not self.members:
            self._said = False
        self.members.add(member)
        if self._said or not self._rested:
            return False
        self._said, self._said_at = True, _now()
        return True


#: By the server and what is wrong. Those that are over leave it when another begins.
ongoing: Final[dict[tuple[str, str], _Outage]] = {}


class OutageLog:
    """What one publisher or device says of outages of the server behind a transport."""

    def __init__(self, transport: Transport) -> None:
        self._server = name_of(transport)
        self._address = transport.address if isinstance(transport, GrpcTransport) else None
        self._kinds: set[str] = set()
        self._refused = False

    def failed(self, error: UnisonoError) -> None:
        """Log a failure after which the same is tried again: as a WARNING if it is the first of an outage."""
        if isinstance(error, Unauthenticated) and not self._refused:
            # Tokens expire, and the next one is good.
            self._refused = True
            return
        kind = error.metadata.get("problem") or error.reason or type(error).__name__
        self._kinds.add(kind)
        level = logging.WARNING if _outage(self._server, kind).meet(self) else logging.DEBUG
        text = "calls to %s fail, and are tried again: %s"
        _log.log(level, text, self._server, self._text(error), extra={"outage": True})

    def ended(self) -> None:
        """Log that calls succeed again, if they failed before. Others may still meet the outage."""
        self._refused = False
        if self._kinds:
            self.leave()
            _log.info("calls to %s succeed again", self._server)

    def leave(self) -> None:
        """Meet no outage any more, since nothing is tried again: the next who does is to say so."""
        for kind in self._kinds:
            _outage(self._server, kind).members.discard(self)
        self._kinds.clear()

    def _text(self, error: UnisonoError) -> str:
        if isinstance(error, ProviderFailed):
            # What it says is the program's, and may be a secret.
            return f"the function that gives tokens raised {type(error.__cause__).__name__}"
        if self._address is None:
            parts = [error.message, by_reason(error)]
        else:
            found = diagnose(error, self._address, ARGUMENTS)
            what = found.what if found and found.known else error.message
            parts = [what, next_step(error, self._address, ARGUMENTS)]
        return "; ".join(_one_line(part) for part in parts if part)


def _outage(server: str, kind: str) -> _Outage:
    # Publishers of several threads may come here at a time: no step of this minds another.
    found = ongoing.get((server, kind))
    if found is None:
        for key, outage in tuple(ongoing.items()):
            if outage.is_over:
                ongoing.pop(key, None)
        found = ongoing.setdefault((server, kind), _Outage())
    return found


def _one_line(text: str) -> str:
    """Return the text of a server without what could pass for other lines of the log."""
    return "".join(c if c.isprintable() else " " for c in text[:_LONGEST])
