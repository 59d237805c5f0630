"""Idempotent: what is sent again under the same `app_notification_id` is there once, and known again."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import feed_of
from unisono.verify.full_lists import listed, listings_of
from unisono.verify.history import History
from unisono.verify.replay import DeviceReplay, Key, key_of
from unisono.verify.sends import Attempt, attempts_of


def once(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each key that two notifications of a full list have, created by one sender role."""
    for listing in listings_of(history):
        who = f"the list of {feed_of(listing).user_id} from {listing.began:.3f}"
        named: dict[Key, list[str]] = defaultdict(list)
        for row in listed(listing).values():
            if row.app_notification_id:
                named[key_of(row)].append(row.id)
        for (key, _), ids in named.items():
            if len(ids) > 1:
                yield _broken(listing.began, who, ids, key)


def once_held(replay: DeviceReplay) -> Iterator[BrokenPromise]:
    """Yield a case for each notification that shares its key with another one held at a complete point."""
    for step in replay.steps():
        state = step.state
        if not step.message.complete:
            continue
        for id_ in sorted(state.changed_ids & state.rows.keys()):
            twins = sorted(state.ids_by_key.get(key_of(state.rows[id_]), ()))
            if len(twins) > 1:
                key = state.rows[id_].app_notification_id
                yield _broken(step.received.time, step.stream.name, twins, key)


def known_again(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each send that was refused as other content, where none was ever sent by its key."""
    by_key: dict[tuple[str, str, bool, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts_of(history):
        caller, request = attempt.call.principal, attempt.request
        user_id, by_user = caller.user_id or request.user_id, bool(caller.user_id)
        by_key[caller.app_id, user_id, by_user, request.app_notification_id].append(attempt)
    for (_, user_id, _, key), attempts in by_key.items():
        refused = [attempt for attempt in attempts if attempt.conflicts]
        if key and refused and len({_content(attempt.request) for attempt in attempts}) == 1:
            time = refused[0].call.ended
            said = f"a send to {user_id} with the key {key!r} was refused as other content"
            yield BrokenPromise(
                promise="Idempotent",
                time=time,
                evidence=(said, f"all {len(attempts)} sends with that key are the same"),
            )


def _content(request: pb.SendNotificationRequest) -> bytes:
    """Return what a send is compared by. Equal contents may give different bytes here, not the reverse."""
    content = pb.SendNotificationRequest()
    content.CopyFrom(request)
    for name in ("user_id", "endpoint_id", "on_conflict"):
        content.ClearField(name)
    return content.SerializeToString(deterministic=True)


def _broken(time: float, who: str, ids: Sequence[str], key: str) -> BrokenPromise:
    said = f"{who} has {' and '.join(ids)}"
    return BrokenPromise(promise="Idempotent", time=time, evidence=(said, f"all have the key {key!r}"))
