"""Collapsed: a catch-up has each notification once, as it is now, in batches of a bounded size."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed
from unisono.verify.replay import DeviceReplay

#: The largest EventBatch of a catch-up, in bytes (docs/guarantees.md); one larger event comes alone.
_BATCH = 256 * 1024


def collapsed(replay: DeviceReplay, feed: Feed) -> Iterator[BrokenPromise]:
    """Yield a case for each notification that comes twice before Synced, and each batch above 256 KiB.

    A notification that changes while a device catches up may come again, and a single event may be larger.
    """
    for stream in replay.streams:
        began = feed.revision_before(stream.began)
        seen: set[str] = set()
        for received in stream.messages:
            if received.message.HasField("synced"):
                break
            batch = received.message.event_batch
            if len(batch.events) > 1 and batch.ByteSize() > _BATCH:
                yield _broken(received.time, stream.name, f"a batch of {batch.ByteSize()} bytes")
            for event in batch.events:
                if event.notification_id in seen and event.revision <= began:
                    yield _broken(
                        received.time, stream.name, f"{event.notification_id} came twice before Synced"
                    )
                seen.add(event.notification_id)


def _broken(time: float, *evidence: str) -> BrokenPromise:
    return BrokenPromise(promise="Collapsed", time=time, evidence=evidence)
