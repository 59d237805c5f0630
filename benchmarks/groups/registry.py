"""All groups, in the order in which they are run and shown."""

from collections.abc import Sequence
from typing import Final

from benchmarks.groups.catching_up import CATCHING_UP
from benchmarks.groups.centrifugo import CENTRIFUGO
from benchmarks.groups.delivering import DELIVERING
from benchmarks.groups.growth import GROWTH
from benchmarks.groups.idling import IDLING
from benchmarks.groups.jetstream import JETSTREAM
from benchmarks.groups.live import LIVE
from benchmarks.groups.mosquitto import MOSQUITTO
from benchmarks.groups.reconnecting import RECONNECTING
from benchmarks.groups.scraping import SCRAPING
from benchmarks.groups.sdk import SDK
from benchmarks.groups.sending import SENDING
from benchmarks.groups.waiting import WAITING
from benchmarks.groups.web import WEB
from benchmarks.metrics import Group

GROUPS: Final[Sequence[Group]] = (
    SENDING,
    SCRAPING,
    WAITING,
    DELIVERING,
    LIVE,
    CATCHING_UP,
    RECONNECTING,
    IDLING,
    WEB,
    SDK,
    MOSQUITTO,
    JETSTREAM,
    CENTRIFUGO,
)

GROWN: Final[Sequence[Group]] = (GROWTH,)
"""The groups that show how costs grow, which take long: `make bench-growth`."""
