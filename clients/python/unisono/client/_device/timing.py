"""Timeouts and intervals of a device."""

from dataclasses import dataclass

from unisono.client._arguments import Seconds, seconds, set_fields
from unisono.client._wire.retry import Backoff


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Timing:
    """How long a device waits. All are seconds, or timedeltas, but `missed_heartbeats` and the backoffs.

    open_timeout: for the first message of a stream; then the device reconnects.
    first_message_timeout: for the first message before the device logs a warning, and goes on waiting.
    missed_heartbeats: how many heartbeat intervals without a message make a connection count as dead; a
        number, 2 by docs/devices.md, rule 6.
    heartbeat_interval: the interval to ask the server for, which clamps it to 5 to 300 s; None leaves it to
        the server (30 s).
    acknowledge_interval: from a change of the position to its acknowledgement, to gather several in one.
    stall_timeout: for how long this process may stand still, or sleep with its machine, before what comes
        in on the open stream is of the past: then the device drops it, and resumes from where it is.
    call_timeout: for each call, with all its retries: a mark (which is sent again after that), a delete, a
        page of the history, an acknowledgement.
    backoff: the delays before the device reconnects, and before it repeats calls.
    refusal_backoff: those before it comes back to a server that refused it, such as for its token, which
        somebody has to set right: up to 300 s.
    """

    open_timeout: float
    first_message_timeout: float
    missed_heartbeats: float
    heartbeat_interval: float | None
    acknowledge_interval: float
    stall_timeout: float
    call_timeout: float
    backoff: Backoff
    refusal_backoff: Backoff

    def __init__(
        self,
        *,
        open_timeout: Seconds = 20.0,
        first_message_timeout: Seconds = 10.0,
        missed_heartbeats: float = 2.0,
        heartbeat_interval: Seconds | None = None,
        acknowledge_interval: Seconds = 5.0,
        stall_timeout: Seconds = 10.0,
        call_timeout: Seconds = 20.0,
        backoff: Backoff = Backoff(),  # noqa: B008  frozen
        refusal_backoff: Backoff = Backoff(initial=0.5, maximum=300.0),  # noqa: B008  frozen
    ) -> None:
        """Take numbers of seconds or timedeltas.

        Raises `TypeError` for what is neither, and `ValueError` for a `stall_timeout` that is not above 0.
        """
        if (stalled := seconds("stall_timeout", stall_timeout)) <= 0:
            raise ValueError(f"stall_timeout: must be more than 0 s; is {stalled:g}")
        if heartbeat_interval is not None:
            heartbeat_interval = seconds("heartbeat_interval", heartbeat_interval)
        set_fields(
            self,
            open_timeout=seconds("open_timeout", open_timeout),
            first_message_timeout=seconds("first_message_timeout", first_message_timeout),
            missed_heartbeats=missed_heartbeats,
            heartbeat_interval=heartbeat_interval,
            acknowledge_interval=seconds("acknowledge_interval", acknowledge_interval),
            stall_timeout=stalled,
            call_timeout=seconds("call_timeout", call_timeout),
            backoff=backoff,
            refusal_backoff=refusal_backoff,
        )
