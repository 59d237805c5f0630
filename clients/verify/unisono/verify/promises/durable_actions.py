"""Durable, of actions: the first one that a user chose stays until something ends it."""

from collections.abc import Iterator
from itertools import pairwise

from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed, FeedKey, Version, endings_in, feed_of
from unisono.verify.history import Call, History

_KEEPING = (
    notification_pb2.USER_ACTION_STATE_UNSPECIFIED,
    notification_pb2.USER_ACTION_STATE_ACTIVATED,
)
"""Marks with one of these do not end an action."""


def first_action_stays(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    """Yield a case for each notification that has another `action_id` than before, which nothing ended.

    A mark to another `user_action_state`, the end of a snooze, and a replacement end it. The outcome of such
    a call does not matter: one without an answer may have been carried out.
    """
    for key, feed in feeds.items():
        ending = [call for call in history.calls if _may_end(call, key)]
        for versions in feed.versions.values():
            acted = [version for _, version in sorted(versions.items()) if _action_of(version)]
            for before, after in pairwise(acted):
                other = _action_of(before) != _action_of(after)
                if other and not any(_between(call, before, after) for call in ending):
                    yield _broken(before, after)


def _action_of(version: Version) -> str:
    return "" if version.row is None else version.row.action_id


def _may_end(call: Call, key: FeedKey) -> bool:
    """Return whether a call may end actions of notifications of this feed."""
    if isinstance(call.request, pb.MarkNotificationsRequest):
        return feed_of(call) == key and call.request.user_action_state not in _KEEPING
    return any(feed == key for feed, _ in endings_in(call))


def _between(call: Call, before: Version, after: Version) -> bool:
    """Return whether a call may have ended the action of one version before the other came about."""
    if call.began > after.time or not _names(call, before):
        return False
    answer = call.answer
    done_before = isinstance(answer, pb.MarkNotificationsResponse) and answer.last_revision <= before.revision
    return not done_before


def _names(call: Call, version: Version) -> bool:
    key = "" if version.row is None else version.row.app_notification_id
    if isinstance(call.request, pb.MarkNotificationsRequest):
        refs = call.request.references.refs
        return not refs or any(
            ref.id == version.id or (key and ref.app_notification_id == key) for ref in refs
        )
    return any(name in (version.id, key) for _, name in endings_in(call))


def _broken(before: Version, after: Version) -> BrokenPromise:
    evidence = (
        f"{before.id} has the action {_action_of(before)!r} as of {before.revision}: {before.source}",
        f"and {_action_of(after)!r} as of {after.revision}: {after.source}",
        "nothing had ended the first",
    )
    return BrokenPromise(promise="Durable", time=after.time, evidence=evidence)
