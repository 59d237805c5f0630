"""Isolated: nobody learns of another's notifications, and no stream outlives its token."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import feed_of, feed_sent_to, found_in, is_for, named_in
from unisono.verify.history import OK, History
from unisono.verify.replay import DeviceReplay
from unisono.verify.sends import sends_of

#: How long after the token expired a message may still arrive, in seconds: it travels, and clocks differ.
_TRAVEL = 2.0

#: Status codes that differ from those for a notification that does not exist.
_REVEALING = {OK, "PERMISSION_DENIED", "ALREADY_EXISTS", "ABORTED", "FAILED_PRECONDITION"}


def isolated(replay: DeviceReplay) -> Iterator[BrokenPromise]:
    """Yield a case for each event of another feed, or not meant for the endpoint, and for late messages.

    A message is late more than 2 s after the token of the stream expired. Removals are not judged.
    """
    for stream in replay.streams:
        expires = stream.principal.expire_time
        for received in stream.messages:
            for event in received.message.event_batch.events:
                row = event.notification
                if event.removed:
                    continue
                if (row.app_id, row.user_id) != replay.feed:
                    said = f"it was told of {row.id}, which is {row.user_id}'s of {row.app_id}"
                    yield _broken(received.time, stream.name, said)
                elif not is_for(row, replay.endpoint_id, replay.platform):
                    yield _broken(
                        received.time, stream.name, f"it was told of {row.id}, which is not meant for it"
                    )
            if expires is not None and received.time > expires + _TRAVEL:
                kind = received.message.WhichOneof("message")
                yield _broken(
                    received.time, stream.name, f"{kind} came {received.time - expires:.1f} s after its token"
                )


def unknown(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each call whose status code gives away that another's notification exists.

    Calls are judged that name by its id a notification that was sent to another feed. A mark or a deletion of
    many gives it away unless its answer says that this was not found.
    """
    owners = {sent.result.id: feed_sent_to(sent) for sent in sends_of(history)}
    for call in history.calls:
        named, caller = named_in(call), feed_of(call)
        owner = owners.get(named, caller)
        if owner != caller and call.code in _REVEALING:
            who = f"{caller.app_id} {caller.user_id}"
            yield _broken(
                call.ended,
                f"{who}: {call.method} of {named}: {call.code}",
                f"it is of {owner.app_id} {owner.user_id}",
            )
        for found in found_in(call):
            owner = owners.get(found, caller)
            if owner != caller:
                yield _broken(
                    call.ended,
                    f"{caller.app_id} {caller.user_id}: {call.method} found {found}",
                    f"it is of {owner.app_id} {owner.user_id}",
                )


def _broken(time: float, *evidence: str) -> BrokenPromise:
    return BrokenPromise(promise="Isolated", time=time, evidence=evidence)
