"""Durable, of actions: the first one that a user chose stays until something ends it."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf

from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed, FeedKey, Version, feed_of
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
        ending = [call for call in history.calls if feed_of(call) == key and _ends(call)]
        for versions in feed.versions.values():
            acted = [version for _, version in sorted(versions.items()) if _action_of(version)]
            for before, after in pairwise(acted):
                if _action_of(before) == _action_of(after) or _may_be_rewritten(feed, after):
                    continue
                if not any(_between(call, before, after) for call in ending):
                    yield _broken(before, after)


def _action_of(version: Version) -> str:
    return "" if version.row is None else version.row.action_id


def _key_of(version: Version) -> str:
    return "" if version.row is None else version.row.app_notification_id


def _may_be_rewritten(feed: Feed, version: Version) -> bool:
    """Return whether anybody had asked to replace what has this key, before the version was received."""
    return feed.withdrawals.named.get(_key_of(version), inf) < version.time


def _ends(call: Call) -> bool:
    """Return whether a call is a mark that ends actions."""
    asked = call.request
    return isinstance(asked, pb.MarkNotificationsRequest) and asked.user_action_state not in _KEEPING


def _between(call: Call, before: Version, after: Version) -> bool:
    """Return whether a mark may have changed one version before the other came about."""
    asked, answer = call.request, call.answer
    if not isinstance(asked, pb.MarkNotificationsRequest) or call.began > after.time:
        return False
    done_before = isinstance(answer, pb.MarkNotificationsResponse) and answer.last_revision <= before.revision
    refs = asked.references.refs
    names = {before.id, _key_of(before)}
    return not done_before and (not refs or any((ref.id or ref.app_notification_id) in names for ref in refs))


def _broken(before: Version, after: Version) -> BrokenPromise:
    evidence = (
        f"{before.id} has the action {_action_of(before)!r} as of {before.revision}: {before.source}",
        f"and {_action_of(after)!r} as of {after.revision}: {after.source}",
        "nothing had ended the first",
    )
    return BrokenPromise(promise="Durable", time=after.time, evidence=evidence)
