"""What comes by a hook is a call like any other: answered once it is stored, recorded and counted so."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from google.protobuf.duration_pb2 import Duration
from structlog.testing import capture_logs

from tests.http.http2_client import Http2Client, request
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.audit_records import Records
from tests.support.clocks import FakeClock
from tests.support.full_store import FullStore, full
from tests.support.hooked import bearer, encoded, hook, post, signed
from tests.support.http2 import frames
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.processes import TIMEOUT
from unisono.server.api.call_log import CallLog
from unisono.server.core.access.hooks import HookBook, HookSource
from unisono.server.errors import OutcomeUnknown, Unavailable
from unisono.v1.feed_service_pb2 import DeleteFeedRequest

SEND = encoded({"id": "b", "title": "Backup done"})
READ = encoded({"id": "b", "read": True})


async def test_over_http2(node: Running, ada: ApiClient) -> None:
    client = Http2Client(*await asyncio.open_connection(*node.target.split(":")))
    try:
        shown = tuple((name.encode(), text.encode()) for name, text in signed(SEND).items())
        client.say(frames.greeting() + request(1, b"/hooks/json", end=False, headers=shown))
        client.send(frames.DATA, frames.END_STREAM, 1, SEND)
        answer = await client.headers(1)
    finally:
        client.close()

    assert (answer[":status"], answer["content-type"]) == ("200", "application/json")
    assert (await ada.get(key="b")).payload.visual_content.title == "Backup done"


async def test_without_the_web_there_are_hooks_all_the_same(setup: Setup) -> None:
    setup.transport = replace(TRANSPORT, web=False)
    async with running(setup) as node:
        assert (await post(node, "json", SEND, bearer())).status == 200


async def test_a_request_id_of_the_sender_is_answered_and_logged(node: Running) -> None:
    with capture_logs() as lines:
        answer = await post(node, "json", b"{}", bearer(), {"x-request-id": "run-42"})
    assert answer.headers["x-request-id"] == "run-42"
    (refused,) = [line for line in lines if line["event"] == "call refused"]
    assert (refused["method"], refused["app"], refused["reason"]) == (
        "hooks/json",
        "mail.test",
        "INVALID_REQUEST",
    )


async def test_what_is_marked_is_in_the_audit_log_and_who_is_refused(setup: Setup) -> None:
    records = Records()
    setup.audit = records.audit(reads=False)
    async with running(setup) as node:
        for body in (SEND, READ):
            assert (await post(node, "json", body, bearer())).status == 200
        assert (await post(node, "json", SEND, bearer("wrong"))).status == 401
    marked, refused = records.taken()
    assert (marked["event"], marked["method"], marked["outcome"]) == ("write", "hooks/json", "ok")
    assert (marked["app"], marked["client"], marked["target_user"]) == ("mail.test", "hook:json", "ada")
    assert (refused["event"], refused["reason"], refused["method"]) == (
        "refusal",
        "TOKEN_INVALID",
        "hooks/json",
    )


async def test_each_source_is_counted_as_a_method(setup: Setup, clock: FakeClock) -> None:
    setup.call_log = CallLog(clock, sampled=False)
    async with running(setup) as node:
        with capture_logs() as lines:
            await post(node, "json", SEND, bearer())
            await post(node, "nobody", SEND, bearer())
        counted = {one.name: dict(one.handled) for one in node.node.metrics.calls.methods if one.started}
    assert {name: [code.name for code in codes] for name, codes in counted.items()} == {
        "hooks/json": ["OK"],
        "hooks/unknown": ["UNAUTHENTICATED"],
    }
    ended = [line for line in lines if line["event"] == "call ended"]
    assert [(line["method"], line["transport"]) for line in ended] == [
        ("hooks/json", "hook"),
        ("hooks/unknown", "hook"),
    ]


async def test_a_user_who_is_barred_is_not_sent_to(node: Running) -> None:
    eraser = node.client(tokens.publisher(scope=tokens.ERASER_SCOPES))
    request = DeleteFeedRequest(user_id="ada", bar_for=Duration(seconds=3600))
    await eraser.feeds.DeleteFeed(request, metadata=eraser.metadata)

    answer = await post(node, "json", SEND, bearer())
    assert (answer.status, answer.reason) == (400, "FEED_BARRED")


@pytest.mark.parametrize("make", [full, OutcomeUnknown])
async def test_what_is_not_on_the_disk_is_to_be_sent_again(
    setup: Setup, make: Callable[[], Unavailable]
) -> None:
    # What is raised holds the call that it was raised in: so it is no parameter, which stays until the end.
    setup.store, error = (store := FullStore()), make()
    async with running(setup) as node:
        store.error = error
        answer = await post(node, "json", SEND, bearer())
        assert (answer.status, answer.reason) == (503, error.reason)
        assert int(answer.headers["retry-after"]) >= 1
        # When the sender tries again
        store.error = None
        assert (await post(node, "json", SEND, bearer())).body["result"] in ("sent", "repeated")
        # Then it is there once
        assert len((await ApiClient(node.user("ada")).history()).notifications) == 1


async def test_a_hook_of_one_app_reaches_nothing_of_another(setup: Setup) -> None:
    setup.hooks = HookBook([hook(HookSource.JSON, app_id="chat.test")])
    async with running(setup) as node:
        # Given a notification of the same user, with the same key, of another app
        mail = ApiClient(node.publisher, user_id="ada")
        await mail.send("Mail", app_notification_id="b")
        # When the hook marks what has the key, and sends with it
        assert (await post(node, "json", READ, bearer())).body == {"result": "gone"}
        assert (await post(node, "json", SEND, bearer())).body["result"] == "sent"
        # Then that is as it was
        (kept,) = (await mail.history()).notifications
        assert (kept.payload.visual_content.title, kept.revision) == ("Mail", 1)


async def test_what_is_shown_and_marked_is_told_to_devices_at_once(node: Running, ada: ApiClient) -> None:
    sent = await post(node, "json", SEND, bearer())
    await post(node, "json", READ, bearer())
    changes = await ada.history(changed_after=0)
    assert [(one.id, one.revision) for one in changes.notifications] == [(sent.body["id"], 2)]


async def test_what_has_begun_when_the_server_stops_is_done(setup: Setup) -> None:
    node = setup.node()
    port = await node.start("127.0.0.1:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        # Given a request whose body is awaited
        shown = "".join(f"{name}: {text}\r\n" for name, text in bearer().items())
        head = f"host: test\r\ncontent-length: {len(SEND)}\r\nexpect: 100-continue\r\n{shown}\r\n"
        writer.write(f"POST /hooks/json HTTP/1.1\r\n{head}".encode())
        await reader.readuntil(b"\r\n\r\n")
        # When the server stops, and the body comes
        stopping = asyncio.create_task(node.stop(grace=TIMEOUT))
        await asyncio.sleep(0)
        writer.write(SEND)
        # Then it is sent
        assert await reader.readline() == b"HTTP/1.1 200 \r\n"
        await stopping
    finally:
        writer.close()
    async with running(setup) as again:
        assert (await ApiClient(again.user("ada")).get(key="b")).payload.visual_content.title == "Backup done"
