"""Collapsed: catching up costs what differs, not what happened."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed
from unisono.verify.replay import DeviceReplay

#: The most that an EventBatch of a catch-up may have, in bytes; one larger event goes alone.
_BATCH = 256 * 1024


def collapsed(replay: DeviceReplay, feed: Feed) -> Iterator[BrokenPromise]:
    """Until Synced, each notification comes at most once, in batches of a bounded size.

    What changes while a device catches up may come again, as it is by then.
    """
    for stream in replay.streams:
        began = feed.reached(stream.began)
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
