"""Durable, of users who were deleted: nothing of them comes back, and nobody begins them anew too soon."""

from collections.abc import Iterator

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import (
    FeedKey,
    Version,
    feed_followed,
    feed_of,
    feed_sent_to,
    versions_in_call,
    versions_in_stream,
)
from unisono.verify.history import Call, History, Stream
from unisono.verify.lives import METHOD, Deletion, deletions_of
from unisono.verify.sends import sends_in, sends_of

#: How long before its end a bar is not judged any more, in seconds: calls travel.
_TRAVEL = 0.1


def forgotten(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for what was there before a deletion that was answered OK, and is told of after it.

    That is by a call that began, or on a stream that was asked for, after the answer. A stream must not go
    on in a feed that was deleted either.
    """
    for key, of_feed in deletions_of(history).items():
        for deletion in of_feed:
            yield from _come_back(history, key, deletion)
            yield from _gone_on(history, key, deletion)


def barred(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each call and stream of a user who is barred that is not refused."""
    for deletion in history.calls:
        request = deletion.request
        if not isinstance(request, feed_pb.DeleteFeedRequest) or not deletion.good:
            continue
        # The server begins to count when the call arrives.
        until = deletion.began + request.bar_for.ToNanoseconds() / 1e9 - _TRAVEL
        for time, who in _taken(history, feed_of(deletion), deletion.ended, until):
            said = f"{feed_of(deletion).user_id} was deleted by {deletion.ended:.3f}, and barred"
            yield _broken(time, said, f"{who} was not refused")


def _come_back(history: History, key: FeedKey, deletion: Deletion) -> Iterator[BrokenPromise]:
    sends = [sent for sent in sends_of(history) if feed_sent_to(sent) == key]
    known = {sent.result.id for sent in sends if sent.call.ended < deletion.began}
    told = list(_told(history, key))
    known |= {version.id for version, _ in told if version.time < deletion.began}
    for version, began in told:
        if version.id in known and began > deletion.ended:
            said = f"{key.user_id} was deleted by {deletion.ended:.3f}"
            yield _broken(began, said, f"{version.source} tells of {version.id}, which was there before")


def _told(history: History, key: FeedKey) -> Iterator[tuple[Version, float]]:
    """Yield what clients were told of notifications, and when they began to ask."""
    for stream in history.streams:
        if feed_followed(stream) == key:
            yield from ((version, stream.began) for version in versions_in_stream(stream))
    for call in history.calls:
        if feed_of(call) == key:
            yield from ((version, call.began) for version in versions_in_call(call))


def _gone_on(history: History, key: FeedKey, deletion: Deletion) -> Iterator[BrokenPromise]:
    """Yield a case for each stream that names the feed of before, or resumes in it."""
    before: set[bytes] = set()
    tokens: set[bytes] = set()
    after: list[tuple[Stream, feed_pb.Welcome]] = []
    for stream in history.streams:
        if feed_followed(stream) != key:
            continue
        for received in stream.messages:
            welcome = received.message.welcome
            if received.time < deletion.began:
                before.add(welcome.feed_epoch)
                tokens.add(received.message.resume_token)
            if received.message.HasField("welcome") and stream.began > deletion.ended:
                after.append((stream, welcome))
    for stream, welcome in after:
        resumed = welcome.resumed and stream.request.resume_token in tokens
        if resumed or welcome.feed_epoch in before - {b""}:
            said = f"{key.user_id} was deleted by {deletion.ended:.3f}"
            yield _broken(stream.began, said, f"{stream.name} goes on as if nothing had been")


def _taken(history: History, key: FeedKey, after: float, until: float) -> Iterator[tuple[float, str]]:
    """Yield the calls and streams of a user that began and were answered OK between two times."""
    for call in history.calls:
        in_time = call.good and after < call.began and call.ended < until
        if in_time and call.method != METHOD and (feed_of(call) == key or _sends_to(call, key)):
            yield call.began, f"{call.method} at {call.ended:.3f}"
    for stream in history.streams:
        in_time = after < stream.began and any(received.time < until for received in stream.messages)
        if in_time and feed_followed(stream) == key:
            yield stream.began, stream.name


def _sends_to(call: Call, key: FeedKey) -> bool:
    """Return whether a batch has sent something to a user."""
    if not isinstance(call.request, pb.BatchSendNotificationsRequest):
        return False
    return any(FeedKey(call.principal.app_id, sent.user_id) == key for sent in sends_in(call))


def _broken(time: float, *evidence: str) -> BrokenPromise:
    return BrokenPromise(promise="Durable", time=time, evidence=evidence)
