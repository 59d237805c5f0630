"""Durable: what was answered OK is there ever after."""

from collections import defaultdict
from collections.abc import Iterator

from google.protobuf.message import Message

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.broken import Broken
from unisono.verify.feeds import Feed, FeedKey, feed_of, revision_of
from unisono.verify.history import Call, History

#: What expires this soon after a look, in seconds, need not be in it: clocks differ.
_MARGIN = 5.0

#: A revision that a feed had, when that was certain, and who knows it.
Known = tuple[float, int, str]


def durable(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[Broken]:
    """No feed goes back, and what was sent is in the next list, unless something ended it."""
    looks = _looks(history)
    for feed, answers in _answers(history).items():
        yield from _gone_back(feed, answers, looks[feed])
    for call in history.calls:
        if call.good and call.method == "ListNotifications":
            yield from _left_out(history, feeds, call)


def _answers(history: History) -> dict[FeedKey, list[Known]]:
    """The revisions that were answered, and when they were."""
    answers: dict[FeedKey, list[Known]] = defaultdict(list)
    for call in history.calls:
        revision = revision_of(call)
        if revision:
            answers[feed_of(call)].append((call.ended, revision, f"{call.method} at {call.ended:.3f}"))
    return answers


def _looks(history: History) -> dict[FeedKey, list[Known]]:
    """Where somebody found a feed, and when the looking began."""
    looks: dict[FeedKey, list[Known]] = defaultdict(list)
    for call in history.calls:
        if isinstance(call.answer, feed_pb.GetFeedResponse):
            who = f"GetFeed from {call.began:.3f}"
            looks[feed_of(call)].append((call.began, call.answer.last_revision, who))
    for stream in history.streams:
        first = next((heard for heard in stream.heard if heard.message.complete), None)
        if first is not None:
            feed = FeedKey(stream.holder.app_id, stream.holder.user_id)
            looks[feed].append((stream.began, first.message.revision, stream.name))
    return looks


def _gone_back(feed: FeedKey, known: list[Known], looks: list[Known]) -> Iterator[Broken]:
    """A look that began after an answer, and does not reach it."""
    known = sorted(known)
    best: Known = (0.0, 0, "")
    index = 0
    for began, revision, who in sorted(looks):
        while index < len(known) and known[index][0] < began:
            best = max(best, known[index], key=lambda one: one[1])
            index += 1
        if revision < best[1]:
            said = f"{who} found the feed of {feed.user_id} at revision {revision}"
            yield Broken(promise="Durable", time=began, evidence=(f"{best[2]} was answered {best[1]}", said))


def _left_out(history: History, feeds: dict[FeedKey, Feed], listing: Call) -> Iterator[Broken]:
    """What was sent before a list of everything, and is not in it."""
    request, answer = listing.request, listing.answer
    if not isinstance(answer, pb.ListNotificationsResponse) or not _is_whole(request, answer):
        return
    key = feed_of(listing)
    excused = {row.id for row in answer.notifications} | _removed(feeds[key]) | _ended(history, key)
    for sent in history.calls:
        if feed_of(sent) != key or sent.ended >= listing.began:
            continue
        if not isinstance(sent.answer, pb.SendNotificationResponse):
            continue
        result = sent.answer.result
        expires = result.expire_time.ToNanoseconds() / 1e9 < listing.ended + _MARGIN
        if not (result.removed or expires or {result.id, _key(sent)} & excused):
            yield Broken(
                promise="Durable",
                time=listing.began,
                evidence=(
                    f"{result.id} was sent to {key.user_id}, and answered OK at {sent.ended:.3f}",
                    f"the list from {listing.began:.3f} lacks it, and nobody withdrew it",
                ),
            )


def _removed(feed: Feed) -> set[str]:
    """What somebody saw removed."""
    return {id_ for id_, known in feed.versions.items() if any(one.row is None for one in known.values())}


def _is_whole(request: Message, answer: pb.ListNotificationsResponse) -> bool:
    """Whether one page has all that there is."""
    named = {field.name for field, _ in request.ListFields()}
    return named <= {"user_id", "page_size"} and not answer.next_page_token


def _ended(history: History, feed: FeedKey) -> set[str]:
    """Ids and keys that somebody asked to delete or to replace, with whatever outcome."""
    ended: set[str] = set()
    for call in history.calls:
        request = call.request
        if feed_of(call) != feed:
            continue
        if isinstance(request, pb.DeleteNotificationRequest):
            ended |= {request.notification.id, request.notification.app_notification_id}
        if isinstance(request, pb.SendNotificationRequest) and request.on_conflict:
            ended.add(request.app_notification_id)
    return ended - {""}


def _key(sent: Call) -> str:
    request = sent.request
    return request.app_notification_id if isinstance(request, pb.SendNotificationRequest) else ""
