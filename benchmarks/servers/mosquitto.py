"""Runs Mosquitto as Debian sets it up, except that it drops no message."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.servers import processes
from benchmarks.servers.servers import RunningServer

NAME: Final = "mosquitto"

#: It has sessions and messages in memory, and saves all of them every half hour, its default, and when it
#: ends. By default, it drops messages beyond 1000 that wait for a session. Run by root, it would change to a
#: user who cannot write to the folder; run by others, it does not change.
_CONFIG: Final = """\
listener {port} {host}
allow_anonymous true
user root
persistence true
persistence_location {place}/
max_queued_messages 0
log_dest none
"""


@contextmanager
def mosquitto(place: Path) -> Iterator[RunningServer]:
    """Run Mosquitto with its files in the folder `place`. Raises OSError and `processes.Failed`."""
    port = processes.free_port()
    config = place / "mosquitto.conf"
    config.write_text(_CONFIG.format(port=port, host=processes.HOST, place=place))
    with processes.listening(NAME, ("-c", str(config)), port) as pid:
        yield RunningServer(f"{processes.HOST}:{port}", pid)


def missing() -> str | None:
    """Return how to install Mosquitto where it is missing; None where it is installed."""
    return None if processes.program(NAME) else "mosquitto is not installed: apt-get install mosquitto"
