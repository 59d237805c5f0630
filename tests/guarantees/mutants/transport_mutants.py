"""Patches of the two transports."""

from typing import Final

from tests.guarantees.mutants.mutant import Mutant
from tests.guarantees.patches import Patch
from tests.guarantees.torture.trials import dead_peers, stalled_memory

OF_TRANSPORTS: Final = (
    Mutant(
        name="the dead are not found out by grpcio",
        promise="Bounded",
        transport="grpcio",
        trial=dead_peers.DEAD_PEERS,
        patch=Patch(
            file="api/grpcio/server.py",
            old="int(transport.ping_timeout * 1000)",
            new="60_000",
        ),
    ),
    Mutant(
        name="the dead are not found out by http",
        promise="Bounded",
        quick=True,
        transport="http",
        trial=dead_peers.DEAD_PEERS,
        patch=Patch(
            file="api/http/http2_life.py",
            old="if connection.is_held or connection.received >= self._pinged_at:",
            new="if connection.is_held or self._pinged_at:",
        ),
    ),
    Mutant(
        name="who does not read has no end",
        promise="Bounded",
        transport="http",
        trial=dead_peers.DEAD_PEERS,
        patch=Patch(
            file="api/http/socket_connection.py",
            old="elif due is Due.GRACE:",
            new="elif due is None:",
        ),
    ),
    Mutant(
        name="who writes waits for nobody",
        promise="Bounded",
        transport="http",
        trial=stalled_memory.STALLED_MEMORY,
        patch=Patch(
            file="api/http/http2_exchange.py",
            old="while connection.http2.waiting(stream_id) > MOST_WAITING:",
            new="while connection.http2.waiting(stream_id) > MOST_WAITING * 1000:",
        ),
    ),
)
