"""Settings of streams and connections: how long they live, and how often they show that they do."""

from pydantic import BaseModel, ValidationInfo, field_validator

from unisono.server.config.setting import ITEMS, SECONDS, at_least, setting


class StreamSettings(BaseModel):
    """Settings of streams and connections.

    A running stream does not notice that its connection is about to end. It has to be over, with a Goodbye,
    before the grace of the connection is, or it is cut.
    """

    heartbeat_min: float = setting(
        5, SECONDS, "shortest heartbeat interval that a device can ask for", ge=0.05, le=3600
    )
    heartbeat: float = setting(
        30, SECONDS, "heartbeat interval of idle streams that ask for none", ge=0.05, le=3600
    )
    heartbeat_max: float = setting(
        300, SECONDS, "longest heartbeat interval that a device can ask for", ge=0.05, le=3600
    )
    drain_delay: float = setting(
        0, SECONDS, "how long the server is NOT_SERVING, and serves, before it begins to stop", ge=0, le=600
    )
    drain_grace: float = setting(10, SECONDS, "how long calls may go on when the server stops", ge=0, le=600)
    session_age_min: float = setting(
        15 * 60, SECONDS, "a stream is ended at a random age from here ...", ge=0.05, le=86_400
    )
    session_age_max: float = setting(
        20 * 60, SECONDS, "... to here, so that devices spread over connections", ge=0.05, le=86_400
    )
    connection_age: float = setting(
        60 * 60, SECONDS, "age at which a connection takes no new calls", ge=1, le=7 * 86_400
    )
    connection_age_grace: float = setting(
        21 * 60, SECONDS, "how long the calls of a connection may go on after that", ge=1, le=7 * 86_400
    )

    connection_idle: float = setting(
        120, SECONDS, "how long a connection may have no calls before it is closed", ge=1, le=86_400
    )
    streams_per_connection: int = setting(
        1000, ITEMS, "calls and streams that one connection may have open", ge=1, le=100_000
    )
    request_timeout: float = setting(
        120, SECONDS, "how long the request of a call may take to arrive as a whole", ge=0.05, le=3600
    )

    @field_validator("heartbeat")
    @classmethod
    def _is_not_too_short(cls, value: float, info: ValidationInfo) -> float:
        return at_least(value, info, "heartbeat_min")

    @field_validator("heartbeat_max")
    @classmethod
    def _is_longest(cls, value: float, info: ValidationInfo) -> float:
        return at_least(value, info, "heartbeat")

    @field_validator("session_age_max")
    @classmethod
    def _is_oldest(cls, value: float, info: ValidationInfo) -> float:
        return at_least(value, info, "session_age_min")

    @field_validator("connection_age_grace")
    @classmethod
    def _outlives_streams(cls, value: float, info: ValidationInfo) -> float:
        return at_least(value, info, "session_age_max", "drain_grace")
