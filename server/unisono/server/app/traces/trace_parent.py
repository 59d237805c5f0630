"""Reads what a caller says of the trace that a call belongs to (W3C Trace Context, section 3.2).

Whatever breaks its rules counts as nothing.
"""

import re
from typing import Final, NamedTuple

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)

_SAMPLED: Final = 1


class TraceParent(NamedTuple):
    """The trace, the span that the call is part of, and whether its caller traces that."""

    trace_id: int
    span_id: int
    sampled: bool


def trace_parent(text: str) -> TraceParent | None:
    """Return what a traceparent says, None where it is not one. Newer versions may say more after it."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    trace_id, span_id = int(trace, 16), int(span, 16)
    if version == "ff" or (version == "00" and more is not None) or not trace_id or not span_id:
        return None
    return TraceParent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))
