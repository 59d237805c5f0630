"""Durable: what was answered OK is there at any later moment."""

from collections import defaultdict
from collections.abc import Iterator

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.clock_uncertainty import clock_uncertainty
from unisono.verify.feeds import Feed, FeedKey, feed_followed, feed_of, feed_sent_to, is_over, revision_of
from unisono.verify.full_lists import listed, listings_of
from unisono.verify.history import Call, History
from unisono.verify.polls import polls_of
from unisono.verify.sends import Sent, sends_of

#: A time in seconds since 1970, the revision that a feed had reached by then, and for people who shows it.
Known = tuple[float, int, str]


def durable(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    """Yield a case for each feed that went back behind an answer, and each send that a later list lacks.

    A feed has gone back when GetFeed, the end of a poll, or the first complete point of a stream, has a
    smaller revision than an answer from before it began. A list may lack a notification that was removed,
    that may have expired, or that any client had asked to delete or replace: by id or key, or among many
    that it may have been of.
    """
    looks = _looks(history)
    for feed, answers in _answers(history).items():
        yield from _gone_back(feed, answers, looks[feed])
    sends: dict[FeedKey, list[Sent]] = defaultdict(list)
    for sent in sends_of(history):
        sends[feed_sent_to(sent)].append(sent)
    for listing in listings_of(history):
        feed, now = feed_of(listing), listing.ended + clock_uncertainty(history)
        yield from _left_out(listing, sends[feed], feeds[feed], now)


def _answers(history: History) -> dict[FeedKey, list[Known]]:
    """Return the revisions that were answered to changes, with the times of the answers."""
    answers: dict[FeedKey, list[Known]] = defaultdict(list)
    for sent in sends_of(history):
        answers[feed_sent_to(sent)].append(_known(sent.call, sent.result.revision))
    for call in history.calls:
        if revision := revision_of(call):
            answers[feed_of(call)].append(_known(call, revision))
    return answers


def _known(call: Call, revision: int) -> Known:
    return call.ended, revision, f"{call.method} at {call.ended:.3f}"


def _looks(history: History) -> dict[FeedKey, list[Known]]:
    """Return the revisions that clients found feeds at, with the times when they began to read."""
    looks: dict[FeedKey, list[Known]] = defaultdict(list)
    for call in history.calls:
        if isinstance(call.answer, feed_pb.GetFeedResponse):
            who = f"GetFeed from {call.began:.3f}"
            looks[feed_of(call)].append((call.began, call.answer.last_revision, who))
    for poll in polls_of(history):
        looks[poll.feed].append((poll.began, poll.last_revision, poll.name))
    for stream in history.streams:
        first = next((received for received in stream.messages if received.message.complete), None)
        if first is not None:
            looks[feed_followed(stream)].append((stream.began, first.message.revision, stream.name))
    return looks


def _gone_back(feed: FeedKey, known: list[Known], looks: list[Known]) -> Iterator[BrokenPromise]:
    """Yield a case for each read that began after an answer, and found a smaller revision."""
    known = sorted(known)
    best: Known = (0.0, 0, "")
    index = 0
    for began, revision, who in sorted(looks):
        while index < len(known) and known[index][0] < began:
            best = max(best, known[index], key=lambda one: one[1])
            index += 1
        if revision < best[1]:
            said = f"{who} found the feed of {feed.user_id} at revision {revision}"
            yield _broken(began, f"{best[2]} was answered {best[1]}", said)


def _left_out(listing: Call, sends: list[Sent], feed: Feed, now: float) -> Iterator[BrokenPromise]:
    """Yield a case for each send from before a full list that is not in it, and was not ended or expired."""
    excused = listed(listing).keys() | _gone(feed, now)
    for sent in sends:
        result, key = sent.result, sent.request.app_notification_id
        settled = sent.call.ended >= listing.began or result.removed or is_over(result, now)
        if settled or result.id in excused or feed.may_be_withdrawn(result.id, key, listing.ended):
            continue
        yield _broken(
            listing.began,
            f"{result.id} was sent to {sent.user_id}, and answered OK at {sent.call.ended:.3f}",
            f"the list from {listing.began:.3f} lacks it, and nobody withdrew it",
        )


def _gone(feed: Feed, now: float) -> set[str]:
    """Return the ids that a client saw removed, or due to expire by then: `expire_time` can be patched."""
    return {
        id_
        for id_, known in feed.versions.items()
        if any(one.row is None or is_over(one.row, now) for one in known.values())
    }


def _broken(time: float, *evidence: str) -> BrokenPromise:
    return BrokenPromise(promise="Durable", time=time, evidence=evidence)
