"""What a client is there for, with the SDK of any release: a program that prints what came of it.

Started with the address of a server, a token of an app, one of its user `ada`, and the file of a device.
"""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from unisono.client import (
    BlockingDevice,
    BlockingPublisher,
    Content,
    Everything,
    FileStorage,
    Key,
    Platform,
    ReadState,
    Status,
    UnisonoError,
    UserActionState,
)

PATIENCE: Final = 60.0
USER: Final = "ada"


def main(target: str, app: str, user: str, file: str) -> None:
    """Make the calls, and print their results as an object."""
    device = BlockingDevice(
        target, user, endpoint_id="phone", platform=Platform.LINUX, storage=FileStorage(file)
    )
    with BlockingPublisher(target, app) as publisher, device:
        device.wait_for(lambda device: device.status is Status.LIVE, PATIENCE)
        came_of = {
            "held": titles(device),
            "sent": send(publisher, device),
            "handled": handle(publisher, device),
            "refused": refused(target, publisher, user),
            "left": leave(publisher, device),
        }
    json.dump(came_of, sys.stdout)


def send(publisher: BlockingPublisher, device: BlockingDevice) -> object:
    """Send one that rings, the same again, and one that does not; the second is kept for who comes later."""
    events = device.events(PATIENCE)
    content: Content = {
        "app_notification_id": "parcel",
        "title": "Parcel",
        "body": "At the door",
        "link": "https://post.test/7",
    }
    first = publisher.send(USER, **content)
    again = publisher.send(USER, **content)
    received = [next(events)]
    publisher.send(USER, title="Kept", silent=True, group_name="kept", category="news")
    received.append(next(events))
    return {
        "deduplicated": [first.deduplicated, again.deduplicated, first.id == again.id],
        "received": [
            (event.change_type.name, event.ring, event.notification.title, event.notification.link)
            for event in received
        ],
        "endpoints": [endpoint.endpoint_id for endpoint in publisher.list_endpoints(USER)],
    }


def handle(publisher: BlockingPublisher, device: BlockingDevice) -> object:
    """Read, snooze and rewrite on either side, and see it on the other."""
    parcel = publisher.get(USER, Key("parcel"))
    read = device.mark_read(parcel.id)
    marked = publisher.get(USER, parcel.id).read_state is ReadState.READ
    publisher.mark(USER, Key("parcel"), user_action_state=UserActionState.DISMISSED)
    device.wait_for(lambda device: state(device) == [UserActionState.DISMISSED], PATIENCE)
    publisher.update(USER, parcel.id, title="Parcel, again")
    device.snooze(parcel.id, timedelta(hours=1))
    device.wait_for(lambda device: "Parcel, again" in titles(device), PATIENCE)
    feed = publisher.get_feed(USER)
    device.wait_for(lambda device: device.revision >= feed.last_revision, PATIENCE)
    return {
        "changed": read is not None and read.changed,
        "read": marked,
        "listed": sorted(row.title for row in publisher.list(USER)),
        "history": sorted(row.title for row in device.history()),
        "agree": feed.unread_count == device.unread_count,
    }


def refused(target: str, publisher: BlockingPublisher, user: str) -> Mapping[str, object]:
    """What goes wrong: the kind of error, its reason, and whether it says something."""
    with BlockingPublisher(target, "nobody") as nobody, BlockingPublisher(target, user) as somebody:
        return {
            "no title": error(lambda: publisher.send(USER, body="without a title")),
            "unknown": error(lambda: publisher.get(USER, "no-such-id")),
            "conflict": error(lambda: publisher.send(USER, title="Else", app_notification_id="parcel")),
            "token": error(lambda: nobody.send(USER, title="Hello")),
            "somebody else's": error(lambda: somebody.get_feed("bob")),
        }


def leave(publisher: BlockingPublisher, device: BlockingDevice) -> object:
    """Withdraw the one, and see it gone; the other stays."""
    publisher.delete(USER, Key("parcel"))
    device.wait_for(lambda device: "Parcel, again" not in titles(device), PATIENCE)
    rest = publisher.delete_many(USER, Everything(), read_state=ReadState.READ)
    return {"held": titles(device), "removed": rest.removed}


def titles(device: BlockingDevice) -> list[str]:
    return sorted(row.title for row in device.notifications)


def state(device: BlockingDevice) -> list[UserActionState]:
    return [row.user_action_state for row in device.notifications if row.app_notification_id == "parcel"]


def error(call: Callable[[], object]) -> object:
    try:
        return repr(call())
    except UnisonoError as error:
        return type(error).__name__, error.reason, bool(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
