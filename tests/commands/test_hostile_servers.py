"""A server that wants to do harm gets no character to the terminal that controls it, whatever it answers."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.commands.unisono import Cli, Ended
from tests.sdk.device_script import LIVE, at, scripted_streams, synced, welcome
from tests.support.stub_server import Fault, StubServer, scripted
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

Code = grpc.StatusCode

#: Sets the title of the window, clears it, moves the cursor, reverses what follows, and breaks the line.
HARM: Final = "a\x1b]0;owned\x07\x9b2J\x1b[1;1H\u202egnp\u2066\x7f\r\n\x0bb"
CONTROLS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

ROW: Final = notification_pb2.Notification(
    id=HARM,
    app_id=HARM,
    user_id=HARM,
    app_notification_id=HARM,
    group_name=HARM,
    category=HARM,
    action_id=HARM,
    payload={  # type: ignore[arg-type]
        "visual_content": {
            "title": HARM,
            "body": HARM,
            "link": HARM,
            "icon_url": HARM,
            "image_url": HARM,
            "format": 99,
            "actions": [{"action_id": HARM, "label": HARM, "link": HARM}],
        },
        "raw_content": HARM.encode(),
        "data": {HARM: HARM},
    },
    target_policy={"platforms": [99], "endpoint_ids": [HARM]},  # type: ignore[arg-type]
    read_state=notification_pb2.READ_STATE_UNREAD,
    revision=1,
    alert_revision=1,
)

for field in ("create_time", "update_time", "expire_time", "snooze_until"):
    # No calendar has it.
    getattr(ROW, field).seconds = 2**62
ROW.display_time_to_live.seconds = -(2**62)

ANSWERS: Final[dict[str, Message]] = {
    "SendNotification": pb.SendNotificationResponse(result=pb.SendResult(id=HARM, deduplicated=True)),
    "ListNotifications": pb.ListNotificationsResponse(notifications=[ROW]),
    "GetNotification": pb.GetNotificationResponse(notification=ROW),
    "MarkNotifications": pb.MarkNotificationsResponse(not_found=[notification_pb2.NotificationRef(id=HARM)]),
    "DeleteNotifications": pb.DeleteNotificationsResponse(
        not_found=[notification_pb2.NotificationRef(id=HARM)]
    ),
    "ListEndpoints": endpoint_pb.ListEndpointsResponse(
        endpoints=[
            endpoint_pb.Endpoint(
                endpoint_id=HARM,
                display_name=HARM,
                app_id=HARM,
                last_seen_time=Timestamp(seconds=-(2**62)),
                create_time=Timestamp(seconds=2**62, nanos=-(2**31)),
            )
        ]
    ),
}

COMMANDS: Final = {
    "send": ("send", "ada", "Hello"),
    "list": ("list",),
    "mark": ("mark", "--all", "--read"),
    "delete": ("delete", "a", "b"),
    "devices": ("devices",),
    "show": ("show", "a"),
}

#: Every reason that has words which name something of the server.
REASONS: Final = (
    *("SCOPE_MISSING", "PLATFORM_FIXED", "KEY_CONFLICT", "OPEN_STREAMS_EXCEEDED", "ENDPOINTS_EXCEEDED"),
    *("ROLE_NOT_ALLOWED", "INTERNAL", "RATE_LIMITED", "TARGET_POLICIES_EXCEEDED", HARM),
)
METADATA: Final = dict.fromkeys(
    ("scope", "platform", "notification_id", "limit", "allowed", "request_id"), HARM
)


@pytest.fixture
async def script() -> AsyncIterator[StubServer]:
    async with scripted() as script:
        yield script


def answering(script: StubServer, answer: Message | Exception, *methods: str) -> None:
    async def behave(_: Any) -> Message:
        if isinstance(answer, Exception):
            raise answer
        return answer

    for method in methods:
        script.answer(method, behave)


async def run(script: StubServer, *arguments: str, **changes: str) -> Ended:
    return await asyncio.to_thread(Cli(script.target, "x").run, *arguments, **changes)


def harmless(ended: Ended) -> str:
    """All that it said, which controls no terminal."""
    said = ended.stdout + ended.stderr
    assert CONTROLS.search(said) is None, ascii(said)
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["people", "programs"])
@pytest.mark.parametrize("command", COMMANDS)
async def test_what_it_answers(script: StubServer, command: str, options: tuple[str, ...]) -> None:
    for method, answer in ANSWERS.items():
        answering(script, answer, method)
    ended = await run(script, *COMMANDS[command], *options)
    said = harmless(ended)
    assert ended.returncode == (command == "delete")
    assert "owned" in said


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["people", "programs"])
@pytest.mark.parametrize("reason", REASONS, ids=ascii)
async def test_what_it_refuses(script: StubServer, reason: str, options: tuple[str, ...]) -> None:
    fault = Fault(Code.PERMISSION_DENIED, reason, message=HARM, metadata=METADATA)
    answering(script, fault, *ANSWERS)
    for command in ("list", "delete"):
        ended = await run(script, *COMMANDS[command], "--timeout", "1s", *options)
        assert ended.returncode == 1
        assert "owned" in harmless(ended)


async def test_a_refusal_ends_it_only_before_it_was_live(script: StubServer) -> None:
    """A server that is restarted without the app gets it back later; then nobody need be there."""
    refused = Fault(Code.PERMISSION_DENIED, "APP_UNKNOWN", message="no such app")
    script.stream("Subscribe", scripted_streams([*LIVE, Fault(Code.UNAVAILABLE)], [refused], LIVE))
    with Cli(script.target, "x").started("listen", "--plain") as listening:
        for words in ("live", "no such app"):
            await asyncio.to_thread(listening.until, words)
        await script.until("Subscribe", count=3)
        listening.signal(signal.SIGTERM)
        assert await asyncio.to_thread(listening.ended) == 0
    script.stream("Subscribe", scripted_streams([refused]))
    with Cli(script.target, "x").started("listen", "--plain") as listening:
        assert await asyncio.to_thread(listening.ended) == 1
    assert listening.err[0].startswith("Error: no such app")


@pytest.mark.parametrize(
    ("options", "offline"), [(("--plain",), "○ offline"), (("--json",), '"status":"offline"')]
)
async def test_what_it_tells_a_device(script: StubServer, options: tuple[str, ...], offline: str) -> None:
    event = feed_pb.Event(
        notification_id=ROW.id,
        revision=1,
        change_type=feed_pb.CHANGE_TYPE_CREATED,
        notification=ROW,
        origin_endpoint_id=HARM,
        alert=True,
    )
    gate = asyncio.Event()
    lost = Fault(Code.UNAVAILABLE, "DRAINING", message=HARM, retry_delay=0.0)
    last = Fault(Code.ABORTED, "SUPERSEDED", message=HARM, metadata=METADATA)
    batch = at(1, event_batch=feed_pb.EventBatch(events=[event]))
    streams: list[list[feed_pb.SubscribeResponse | Fault]] = [[welcome(), synced(), batch, lost], [last]]

    async def tell(_: feed_pb.SubscribeRequest) -> AsyncIterator[feed_pb.SubscribeResponse]:
        for said in streams.pop(0):
            if isinstance(said, Exception):
                await gate.wait()
                gate.clear()
                raise said
            yield said

    script.stream("Subscribe", tell)
    with Cli(script.target, "x").started("listen", *options) as listening:
        for words in ("owned", offline):
            await asyncio.to_thread(listening.until, words)
            gate.set()
        assert await asyncio.to_thread(listening.ended) == 1
    said = "\n".join(listening.out + listening.err)
    assert CONTROLS.search(said) is None, ascii(said)
    assert said.count("owned") >= 3
