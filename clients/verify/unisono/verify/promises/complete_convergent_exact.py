"""Complete, Convergent, Exact: at complete points devices hold what the store holds, and its unread count."""

from collections.abc import Iterator

from unisono.v1 import notification_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.clock_uncertainty import clock_uncertainty
from unisono.verify.feeds import Feed, Version, is_for, is_over
from unisono.verify.history import History
from unisono.verify.replay import DeviceReplay, ReplayStep


def complete(replay: DeviceReplay, feed: Feed, history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each notification that a device holds wrongly, or lacks, at a complete point.

    What it has to hold is the last version by that revision that any client received, where that is meant
    for the device. It may lack a notification that may have expired by then, or that any client had asked to
    delete or replace, and what did not change after it began at the end of the feed.
    """
    doubted = clock_uncertainty(history)
    for step, expected in _complete_points(replay, feed):
        for version in expected:
            problem = _problem(step, version, replay)
            if not problem or _may_be_gone(version, step, feed, doubted):
                continue
            yield BrokenPromise(
                promise="Complete",
                time=step.received.time,
                evidence=(
                    f"{step.stream.name} is complete at {step.message.revision}, and {problem}",
                    f"{version.source} was told that it {_state(version)}",
                ),
            )


def convergent(feed: Feed) -> Iterator[BrokenPromise]:
    """Yield a case for each revision of a notification that two clients received in different states.

    The cases have the time 0: neither client shows which of them is right.
    """
    for one, other in feed.contradictions:
        yield BrokenPromise(
            promise="Convergent",
            time=0.0,
            evidence=(
                f"{one.id} at revision {one.revision}",
                f"{one.source} was told that it {_state(one)}",
                f"{other.source} was told that it {_state(other)}",
            ),
        )


def exact(replay: DeviceReplay) -> Iterator[BrokenPromise]:
    """Yield a case for each complete point whose `unread_count` differs from a recount of what is held.

    Devices that began at the end of the feed are not judged: they may lack notifications that are counted.
    """
    for step in replay.steps():
        state = step.state
        if not step.message.complete or state.start_revision:
            continue
        if state.unread_count != step.message.unread_count:
            said = f"unread_count is {step.message.unread_count}, and {state.unread_count} that it holds wait"
            yield BrokenPromise(
                promise="Exact",
                time=step.received.time,
                evidence=(f"{step.stream.name} at {step.message.revision}", said),
            )


def _complete_points(replay: DeviceReplay, feed: Feed) -> Iterator[tuple[ReplayStep, list[Version]]]:
    """Yield each complete point with the last version by then of each notification that may have changed."""
    versions, passed = feed.in_order(), 0
    latest: dict[str, Version] = {}
    for step in replay.steps():
        if not step.message.complete:
            continue
        if step.state.resetting or step.message.revision < (versions[passed - 1].revision if passed else 0):
            passed, latest = 0, {}
        touched = set(step.state.changed_ids)
        while passed < len(versions) and versions[passed].revision <= step.message.revision:
            latest[versions[passed].id] = versions[passed]
            touched.add(versions[passed].id)
            passed += 1
        yield step, [latest[id_] for id_ in sorted(touched) if id_ in latest]


def _problem(step: ReplayStep, version: Version, replay: DeviceReplay) -> str:
    """Return what is wrong with what the device holds of this notification; empty if nothing is."""
    held, row = step.state.rows.get(version.id), version.row
    meant = row is not None and is_for(row, replay.endpoint_id, replay.platform)
    if held is None:
        return f"lacks {version.id}" if meant and version.revision > _unseen(step) else ""
    if not meant:
        return f"still holds {version.id}, of revision {held.revision}"
    return f"holds {version.id} as of {held.revision}" if held.revision != version.revision else ""


def _unseen(step: ReplayStep) -> int:
    """Return the revision up to which the device may lack notifications."""
    unseen = step.state.start_revision
    return unseen if unseen >= 0 else step.message.revision


def _may_be_gone(version: Version, step: ReplayStep, feed: Feed, doubted: float) -> bool:
    """Return whether a notification that the device lacks may have been removed, and its tombstone purged."""
    row, time = version.row, step.received.time
    if row is None or version.id in step.state.rows:
        return False
    return is_over(row, time + doubted) or feed.may_be_withdrawn(row.id, row.app_notification_id, time)


def _state(version: Version) -> str:
    if version.row is None:
        return f"was removed at {version.revision}"
    read = pb.ReadState.Name(version.row.read_state).removeprefix("READ_STATE_")
    action = pb.UserActionState.Name(version.row.user_action_state).removeprefix("USER_ACTION_STATE_")
    return f"is {read}, {action} at {version.revision}"
