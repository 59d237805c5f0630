"""Complete, Convergent, Exact: at a complete point a device holds what the store holds, and its count."""

from collections.abc import Iterator
from math import inf

from unisono.v1 import notification_pb2 as pb
from unisono.verify.broken import Broken
from unisono.verify.doubt import doubt
from unisono.verify.feeds import Feed, Version, is_for, is_over
from unisono.verify.history import History
from unisono.verify.lives import Life, Moment


def complete(life: Life, feed: Feed, history: History) -> Iterator[Broken]:
    """At every complete point, the effect of every change that anybody knows of and that is meant for it."""
    doubted = doubt(history)
    for moment, expected in _complete_points(life, feed):
        for version in expected:
            problem = _problem(moment, version, life)
            if not problem or _may_be_gone(version, moment, feed, doubted):
                continue
            yield Broken(
                promise="Complete",
                time=moment.heard.time,
                evidence=(
                    f"{moment.stream.name} is complete at {moment.message.revision}, and {problem}",
                    f"{version.told} was told that it {_state(version)}",
                ),
            )


def convergent(feed: Feed) -> Iterator[Broken]:
    """Whoever is told of a notification at a revision is told the same."""
    for one, other in feed.contradictions:
        yield Broken(
            promise="Convergent",
            time=0.0,
            evidence=(
                f"{one.id} at revision {one.revision}",
                f"{one.told} was told that it {_state(one)}",
                f"{other.told} was told that it {_state(other)}",
            ),
        )


def exact(life: Life) -> Iterator[Broken]:
    """The unread count of a complete point is that of what the device holds."""
    for moment in life.moments():
        holding = moment.holding
        if not moment.message.complete or holding.unseen:
            continue
        if holding.waiting != moment.message.unread_count:
            said = f"unread_count is {moment.message.unread_count}, and {holding.waiting} that it holds wait"
            yield Broken(
                promise="Exact",
                time=moment.heard.time,
                evidence=(f"{moment.stream.name} at {moment.message.revision}", said),
            )


def _complete_points(life: Life, feed: Feed) -> Iterator[tuple[Moment, list[Version]]]:
    """Each complete point, with the last version known by then of everything that may have changed since."""
    versions, passed = feed.in_order(), 0
    latest: dict[str, Version] = {}
    for moment in life.moments():
        if not moment.message.complete:
            continue
        if moment.holding.anew or moment.message.revision < (versions[passed - 1].revision if passed else 0):
            passed, latest = 0, {}
        touched = set(moment.holding.touched)
        while passed < len(versions) and versions[passed].revision <= moment.message.revision:
            latest[versions[passed].id] = versions[passed]
            touched.add(versions[passed].id)
            passed += 1
        yield moment, [latest[id_] for id_ in sorted(touched) if id_ in latest]


def _problem(moment: Moment, version: Version, life: Life) -> str:
    """What is wrong with what it holds of a notification, whose last version by then this is."""
    held, row = moment.holding.rows.get(version.id), version.row
    meant = row is not None and is_for(row, life.endpoint_id, life.platform)
    if held is None:
        return f"lacks {version.id}" if meant and version.revision > _unseen(moment) else ""
    if not meant:
        return f"still holds {version.id}, of revision {held.revision}"
    return f"holds {version.id} as of {held.revision}" if held.revision != version.revision else ""


def _unseen(moment: Moment) -> int:
    """What is not newer than this, a device may lack that began at the end of the feed."""
    unseen = moment.holding.unseen
    return unseen if unseen >= 0 else moment.message.revision


def _may_be_gone(version: Version, moment: Moment, feed: Feed, doubted: float) -> bool:
    """Whether what is lacking may have been removed by then, and that was forgotten before it was told."""
    row, time = version.row, moment.heard.time
    if row is None or version.id in moment.holding.rows:
        return False
    ended = min(feed.ended.get(name, inf) for name in (row.id, row.app_notification_id))
    return is_over(row, time + doubted) or ended <= time


def _state(version: Version) -> str:
    if version.row is None:
        return f"was removed at {version.revision}"
    read = pb.ReadState.Name(version.row.read_state).removeprefix("READ_STATE_")
    action = pb.UserActionState.Name(version.row.user_action_state).removeprefix("USER_ACTION_STATE_")
    return f"is {read}, {action} at {version.revision}"
