"""How patient a device is."""

from dataclasses import dataclass, field
from datetime import timedelta

from unisono.client._wire.retry import Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Times in seconds, but for `silence` and `heartbeat`.

    welcome: how long a stream may take to open.
    first_message: after how long without a first message the device logs that it is waiting.
    silence: after this many heartbeat intervals without a message the connection counts as dead; the
        contract says 2.
    heartbeat: the interval to ask the server for; None leaves it to the server (30 s).
    acknowledge: how long to gather before telling the server what has arrived.
    call: how long a mark may take to be answered before it is sent again.
    backoff: how to wait before coming back to a server that fails.
    """

    welcome: float = 20.0
    first_message: float = 10.0
    silence: float = 2.0
    heartbeat: timedelta | None = None
    acknowledge: float = 5.0
    call: float = 20.0
    backoff: Backoff = field(default_factory=Backoff)
