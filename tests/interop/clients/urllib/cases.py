"""What is tried: what commands do, too, and what takes a stream that one can leave and come back to."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, TypeVar

from google.rpc import code_pb2

from tests.interop.clients.commands import cases
from tests.interop.clients.commands.service import ends_with
from tests.interop.clients.commands.tools import TOO_MUCH_JSON, Failure
from tests.interop.clients.expectations import expect
from tests.interop.clients.urllib.service import EventStream, HttpService
from unisono.v1 import feed_service_pb2 as feed_pb

PATIENCE: Final = 30.0

AnswerT = TypeVar("AnswerT")


def cancel(service: HttpService) -> None:
    """Give up a stream, which is to close its connection: nobody says anything any more."""
    with service.subscribe() as stream:
        stream.synced()
    service.feed()


def drain(service: HttpService) -> None:
    """Come back after a restart."""
    with service.subscribe() as stream:
        stream.synced()
        sent = service.send("Before")
        expect(stream.event().notification_id == sent.id, "another event came")
        say_ready()
        while not (message := stream.next()).HasField("goodbye"):
            pass
        expect(message.goodbye.reason == feed_pb.GOODBYE_REASON_DRAINING, f"the last message is {message}")
        with ends_with(code_pb2.UNAVAILABLE, "DRAINING"):
            stream.next()
    time.sleep(message.goodbye.retry_delay.ToTimedelta().total_seconds())
    with retried(lambda: service.subscribe(last_event_id=stream.last_event_id)) as resumed:
        expect(resumed.next().welcome.resumed, "the stream did not resume")
        title = resumed.event().notification.payload.visual_content.title
        expect(title == "After the restart", f"the event is {title}")


def goaway(service: HttpService) -> None:
    """Send while the server is taken away."""
    with service.subscribe() as stream:
        stream.synced()
        reading = threading.Thread(target=_exhaust, args=[stream], daemon=True)
        reading.start()
        say_ready()
        until = time.monotonic() + 5
        sent: dict[str, str] = {}
        last = False
        while not last:
            last = not reading.is_alive() and time.monotonic() >= until
            title = f"call-{len(sent)}"
            sent[title] = retried(lambda: service.send(title, title)).id  # noqa: B023
    listed = [
        (row.payload.visual_content.title, row.id)
        for page in service.pages(500)
        for row in page.notifications
    ]
    expect(listed[::-1] == list(sent.items()), f"{len(sent)} were sent, {len(listed)} are listed")


def retried(call: Callable[[], AnswerT]) -> AnswerT:
    """Call until it does not end with UNAVAILABLE. Raises Failure."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except Failure as failure:
            if failure.status.code != code_pb2.UNAVAILABLE or time.monotonic() > until:
                raise
            time.sleep(0.05)


def say_ready() -> None:
    """Have the harness do its part."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def _exhaust(stream: EventStream) -> None:
    with suppress(Failure):
        stream.exhaust()


NOT_FOR_IT: Final[Mapping[str, str]] = {
    "large": TOO_MUCH_JSON,
    "keepalive-10s": "HTTP/1.1 has no pings",
}

CASES: Final[Mapping[str, Callable[[HttpService], None]]] = {
    **{name: case for name, case in cases.CASES.items() if name not in NOT_FOR_IT},
    "cancel": cancel,
    "drain": drain,
    "goaway": goaway,
}
