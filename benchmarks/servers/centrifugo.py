"""Runs Centrifugo with its broker in memory, as it is by default, and a history to recover from."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.servers import processes
from benchmarks.servers.servers import RunningServer
from tests.support import tokens

NAME: Final = "centrifugo"

NAMESPACE: Final = "users"
"""The namespace of channels: one channel for each user, `users:ada`."""

#: Enough for every message that a channel gets here, and for a device that missed as many: the default of the
#: second is 300.
_HISTORY: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Centrifugo:
    """One process behind three ports: `api` for backends, gRPC streams and WebSockets for devices."""

    api: RunningServer
    uni_grpc: RunningServer
    websocket: RunningServer


@contextmanager
def centrifugo(place: Path) -> Iterator[Centrifugo]:
    """Run Centrifugo with its configuration in the folder `place`. Raises OSError and `processes.Failed`."""
    api, uni_grpc, websocket = ports = [processes.free_port() for _ in range(3)]
    config = place / "centrifugo.json"
    config.write_text(json.dumps(_config(api, uni_grpc, websocket)))
    with processes.listening(NAME, ("-c", str(config)), *ports) as pid:
        servers = [RunningServer(f"{processes.HOST}:{port}", pid) for port in ports]
        yield Centrifugo(api=servers[0], uni_grpc=servers[1], websocket=servers[2])


def missing() -> str | None:
    """Return how to install Centrifugo where it is missing; None where it is installed."""
    return None if processes.program(NAME) else "centrifugo is not built: make peers, which needs Go"


def _config(api: int, uni_grpc: int, websocket: int) -> dict[str, object]:
    listens: dict[str, object] = {"enabled": True, "address": processes.HOST}
    kept = {"name": NAMESPACE, "history_size": _HISTORY, "history_ttl": "1h", "force_recovery": True}
    return {
        "http_server": {"address": processes.HOST, "port": str(websocket)},
        "grpc_api": {**listens, "port": api},
        "uni_grpc": {**listens, "port": uni_grpc},
        "client": {
            "token": {"hmac_secret_key": tokens.SECRET},
            "recovery_max_publication_limit": _HISTORY,
        },
        "channel": {"namespaces": [kept]},
        "log": {"level": "error"},
        # It would tell its maker that it runs.
        "usage_stats": {"disabled": True},
    }
