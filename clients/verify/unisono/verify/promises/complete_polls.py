"""Complete, of polls: what is listed as changed since a revision lacks no change up to where it reaches."""

from collections.abc import Iterator, Sequence

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.clock_uncertainty import clock_uncertainty
from unisono.verify.feeds import Feed, FeedKey, Version, is_over
from unisono.verify.history import History
from unisono.verify.polls import Poll, polls_of


def polled(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    """Yield a case for each version of a notification that a poll should have, and has not, nor a later one.

    That is every version that any client received, of the revisions that the poll says it covers. A poll that
    begins with the feed lists what is live: it may lack what was removed, or may have been by then.
    """
    doubted = clock_uncertainty(history)
    for poll in polls_of(history):
        feed = feeds[poll.feed]
        for version in _missed(poll, feed.in_order()):
            if not poll.after and _may_be_gone(version, poll, feed, doubted):
                continue
            yield BrokenPromise(
                promise="Complete",
                time=poll.began,
                evidence=(
                    f"{poll.name} reach {poll.last_revision} without {version.id}",
                    f"{version.source} was told of it at {version.revision}",
                ),
            )


def _missed(poll: Poll, versions: Sequence[Version]) -> Iterator[Version]:
    for version in versions:
        covered = poll.after < version.revision <= poll.last_revision
        if covered and poll.found.get(version.id, 0) < version.revision:
            yield version


def _may_be_gone(version: Version, poll: Poll, feed: Feed, doubted: float) -> bool:
    """Return whether a notification may have been removed when the poll ended."""
    versions = feed.versions[version.id].values()
    if any(one.row is None or is_over(one.row, poll.began + doubted) for one in versions):
        return True
    key = next((one.row.app_notification_id for one in versions if one.row), "")
    return feed.may_be_withdrawn(version.id, key, poll.began + doubted)
