"""All trials, in the order in which `make torture` runs them."""

from typing import Final

from tests.guarantees.torture.trial import Trial
from tests.guarantees.torture.trials import (
    clock,
    crowded,
    cycles,
    dead_peers,
    disk,
    erasing,
    expiry,
    frozen,
    golang,
    hostile,
    lossy_bus,
    network,
    noisy,
    process_faults,
    slow_consumers,
    stalled_memory,
    thundering_herd,
    tokens,
)

TRIALS: Final[tuple[Trial, ...]] = (
    process_faults.KILLED,
    process_faults.STOPPED,
    process_faults.PAUSED,
    frozen.FROZEN,
    erasing.ERASING,
    lossy_bus.LOSSY,
    lossy_bus.DEAF,
    network.CUT,
    network.AWAY,
    network.SLOW,
    network.CORRUPT,
    tokens.EXPIRED,
    golang.GOLANG,
    crowded.CROWDED,
    disk.DISK,
    clock.CLOCK,
    thundering_herd.THUNDERING_HERD,
    stalled_memory.STALLED_MEMORY,
    slow_consumers.SLOW_CONSUMERS,
    dead_peers.DEAD_PEERS,
    expiry.EXPIRY,
    cycles.CYCLES,
    noisy.NOISY,
    hostile.HOSTILE,
    hostile.PROXIED_ATTACKS,
)
