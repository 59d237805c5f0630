"""Settings of connections: how many there may be, in all and of one address, before anybody is known."""

from pydantic import BaseModel

from unisono.server.config.setting import ITEMS, setting


class ConnectionSettings(BaseModel):
    """Settings of connections, for the transport http.

    An address is one of IPv4, or the first 64 bits of one of IPv6. The defaults are such that a thousand
    phones behind one address do not meet them, also when all come back at once.
    """

    connections: int | None = setting(
        None, ITEMS, "connections in all; as many as open files allow if unset; transport http", ge=1
    )
    connections_per_address: int = setting(
        4000, ITEMS, "connections of one address; transport http", ge=1, le=1_000_000
    )
    opening_connections_per_address: int = setting(
        2000, ITEMS, "those of one address that have made no call yet; transport http", ge=1, le=1_000_000
    )
    new_connections_per_address: int = setting(
        200,
        ITEMS,
        "connections that one address may open in a second, on average; ten times as many at once; "
        "transport http",
        ge=1,
        le=1_000_000,
    )
    stranger_requests_per_address: int = setting(
        500,
        ITEMS,
        "requests that are read in a second of the connections of one address on which nobody has "
        "shown a good token; transport http",
        ge=1,
        le=1_000_000,
    )
