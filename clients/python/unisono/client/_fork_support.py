"""Turns gRPC's own handling of forks off. Loaded before gRPC, which reads the variable when it is loaded.

It is meant for blocking channels: with those of asyncio, the threads that it starts in a child crash there.
"""

import os
import sys
from typing import Final

VARIABLE: Final = "GRPC_ENABLE_FORK_SUPPORT"

_loaded = "grpc" in sys.modules and VARIABLE not in os.environ

#: Whether it is on all the same: somebody wants it, or had loaded gRPC before.
ENABLED: Final = _loaded or os.environ.get(VARIABLE, "0").lower() not in ("0", "false", "no", "")

os.environ.setdefault(VARIABLE, "0")
