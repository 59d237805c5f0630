"""How long a device waits for messages, calls and reconnects."""

from dataclasses import dataclass, field

from unisono.client._wire.retry import Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a device waits for what. All times are in seconds.

    open_timeout: how long a stream may take to open.
    first_message_timeout: after how long without a first message the device logs that it is waiting.
    missed_heartbeats: after this many heartbeat intervals without a message the connection counts as
        dead. A count, not seconds: the contract says 2.
    heartbeat_interval: the interval to ask the server for; None leaves it to the server (30 s).
    acknowledge_interval: how long to gather before acknowledging what has arrived.
    call_timeout: how long a mark may take to be answered before it is sent again.
    backoff: the delays before the device reconnects to a server that fails.
    """

    open_timeout: float = 20.0
    first_message_timeout: float = 10.0
    missed_heartbeats: float = 2.0
    heartbeat_interval: float | None = None
    acknowledge_interval: float = 5.0
    call_timeout: float = 20.0
    backoff: Backoff = field(default_factory=Backoff)
