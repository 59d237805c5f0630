"""Mosquitto as Debian sets it up, but that it drops nothing. Knows no workload."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.servers import processes
from benchmarks.servers.servers import RunningServer

NAME: Final = "mosquitto"

#: It keeps sessions and messages in memory, and saves all of them every half hour, which is its default, and
#: when it ends. By default a session has at most 1000 messages waiting, and further ones are dropped. Where
#: root runs it, it would become a user who cannot write to the folder; others stay who they are.
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
    """Mosquitto, with its files in a folder."""
    port = processes.free_port()
    config = place / "mosquitto.conf"
    config.write_text(_CONFIG.format(port=port, host=processes.HOST, place=place))
    with processes.listening(NAME, ("-c", str(config)), port) as pid:
        yield RunningServer(f"{processes.HOST}:{port}", pid)


def missing() -> str | None:
    """How to install it, if it is not."""
    return None if processes.program(NAME) else "mosquitto is not installed: apt-get install mosquitto"
