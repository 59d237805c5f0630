"""Trial *expiry*: very many notifications expire in the same second, beside live traffic."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from math import ceil
from statistics import median, quantiles
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.probe import Probe
from tests.guarantees.torture.sends import send_all
from tests.guarantees.torture.trial import Trial
from tests.support.http2 import fleet
from tests.support.http2.device import Device
from unisono.client import Publisher, draft

SHORT: Final = 10

#: Notifications that expire in each feed, and its devices; a round is a feed.
OF_EACH: Final = 100
EXPIRING: Final = 2

#: Feeds to which is sent at once.
CONCURRENCY: Final = 10

#: Users to whom live traffic goes, and their devices.
LIVE: Final = 2
READERS: Final = 3

#: The pause between two live sends, in seconds.
PAUSE: Final = 0.01

#: How long it takes at most to send to a feed, and to measure the quiet phase, in seconds.
SENDING: Final = 0.04
QUIET: Final = 4.0

#: Seconds allowed from the expiry until all devices have received it: for each feed, and the least in all.
SECONDS_PER_ROUND: Final = 0.04
MIN_LATENCY: Final = 5.0

#: How much longer live sends may take meanwhile, in milliseconds: they wait for a commit with some of the
#: expired, and now and then for a few commits. A short run, which shares its cores with other work, is
#: allowed a multiple.
MEDIAN: Final = 30.0
PERCENTILE_99: Final = 200.0
NOISE: Final = 3


async def expire_together(context: TrialContext) -> None:
    """Let all notifications expire at once, and measure when devices have received it; a round is a feed."""
    expiring = fleet.devices(context.recorder, "holder", EXPIRING * context.rounds, per_user=EXPIRING)
    readers = fleet.devices(context.recorder, "live", LIVE * READERS, per_user=READERS)
    async with context.server() as server, context.backend(server.address) as publisher:
        await fleet.connect_all([*expiring, *readers], server.address)
        probe = await Probe.to(context, server.address, readers)
        seconds = SENDING * context.rounds + QUIET
        at = datetime.fromtimestamp(ceil(time.time() + seconds), tz=UTC)
        for some in fleet.groups(fleet.users(expiring), CONCURRENCY):
            users = [user_id for user_id in some for _ in range(OF_EACH)]
            await send_all(publisher, [draft(user_id, title="Over", expire_time=at) for user_id in users])
        await fleet.until_all(expiring, lambda device: device.revision >= OF_EACH)
        with context.apart(server.process.pid):
            quiet = await measured(probe, asyncio.sleep(at.timestamp() - time.time()))
            busy = await measured(probe, all_expire(context, expiring))
        took = max(device.reached for device in expiring) - at.timestamp()
        allowed = MIN_LATENCY + SECONDS_PER_ROUND * context.rounds
        context.took("all have expired after, in s", took, allowed, notifications=context.rounds * OF_EACH)
        write_down(context, quiet, busy)
        await all_were_told(context, publisher, expiring)
        fleet.abort_all([*expiring, *readers])


async def measured(probe: Probe, going_on: Awaitable[None]) -> list[float]:
    """Return the latencies of live sends while `going_on` runs, and of a few at least, in milliseconds."""
    found = await probe.latencies(LIVE)
    meanwhile = asyncio.ensure_future(going_on)
    while not meanwhile.done():
        found += await probe.latencies(1)
        await asyncio.sleep(PAUSE)
    await meanwhile
    return found


async def all_expire(context: TrialContext, expiring: Sequence[Device]) -> None:
    """Wait until each device has received all: a revision for each send, and one for each expiry."""
    for of_one_feed in fleet.groups(expiring, EXPIRING):
        await fleet.until_all(of_one_feed, lambda device: device.revision == 2 * OF_EACH)
        context.done()


def write_down(context: TrialContext, quiet: list[float], busy: list[float]) -> None:
    """Record the latencies of live sends beside the expiry, and what is allowed."""
    times = 1 if context.rounds > SHORT else NOISE
    for what, least, of in (("median", MEDIAN, median), ("99th percentile", PERCENTILE_99, percentile_99)):
        allowed = times * (of(quiet) + least)
        context.took(f"{what} of latency beside expiry in ms", of(busy), allowed, quiet=of(quiet))


async def all_were_told(context: TrialContext, publisher: Publisher, expiring: Sequence[Device]) -> None:
    """Record how many devices have not received all expiries, and how many feeds have an unread count."""
    wrong = [device for device in expiring if device.unread_count or len(removed(device)) != OF_EACH]
    context.measured("devices that were not told of all", len(wrong), 0)
    feeds = [await publisher.get_feed(user_id) for user_id in fleet.users(expiring)]
    context.measured("feeds in which something waits", sum(bool(feed.unread_count) for feed in feeds), 0)


def percentile_99(latencies: list[float]) -> float:
    """Return the 99th percentile."""
    return quantiles(latencies, n=100, method="inclusive")[-1]


def removed(device: Device) -> set[str]:
    """Return the ids whose removal the device received on its last stream."""
    events = (
        event for received in device.streams[-1].messages for event in received.message.event_batch.events
    )
    return {event.notification_id for event in events if event.removed}


EXPIRY: Final = Trial(
    name="expiry",
    says="100,000 notifications expire in the same second, beside live traffic",
    run=expire_together,
    full=1_000,
    short=SHORT,
    rounds_per_history=1_000,
)
