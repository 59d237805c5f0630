"""The interface of whatever traces calls; knows no library."""

from typing import Protocol

import grpc


class CallTraces(Protocol):
    """Is told of each call once it has ended: one that is not traced costs next to nothing."""

    def ended(self, method: str, code: grpc.StatusCode, seconds: float, traceparent: str) -> None:
        """Trace a call that has just ended, after so many seconds.

        `method` is its full name, `traceparent` what its caller said of a trace that it belongs to (W3C Trace
        Context); empty where that said nothing. Never raises.
        """
