"""A server whose disk is full: devices go live, what is stored can be read, and later all goes on."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.support import tokens
from tests.support.api_client import ALL, READ, ApiClient
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, run, serving, url
from tests.support.rpc_errors import raises_status
from tests.support.small_disk import SmallDisk, small_disk
from unisono.client import create_channel, from_rpc_error
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

#: Bytes that the server finds: its log takes what there is.
ROOM = 512 * 1024

Call = Callable[[ApiClient, ApiClient, str], Awaitable[Any]]

WRITES: dict[str, Call] = {
    "send": lambda app, _, __: app.send(payload=long()),
    "update": lambda app, _, id_: app.update(id_, content={"payload": long()}),
    "mark": lambda _, device, id_: device.mark(id_, read_state=READ),
    "mark all": lambda _, device, __: device.mark(read_state=READ, all=ALL),
    "delete": lambda app, _, id_: app.delete(id_),
    "register": lambda _, device, __: device.register(endpoint_id="watch"),
    "register again": lambda _, device, __: device.register(),
    "rename": lambda _, device, __: device.rename("At home"),
    "delete an endpoint": lambda _, device, __: device.remove(),
    "the first stream": lambda _, device, __: device.welcome(endpoint_id="watch"),
}


def long() -> notification_pb2.Payload:
    """Return a payload that takes some pages in the store."""
    return notification_pb2.Payload(visual_content=notification_pb2.VisualContent(title="x", body="x" * 8000))


class Clients:
    """A publisher, and a device of its user, at a server."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.app = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
        self.device = ApiClient(Client(channel, tokens.device("ada")), endpoint_id="laptop")

    async def fill(self) -> int:
        """Write until that is refused, at last what takes least, and return how many sends were stored."""
        sends = await until_full(lambda: self.app.send(payload=long()))
        await until_full(lambda: self.device.rename("At home"))
        return sends

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[AsyncIterator[pb.SubscribeResponse]]:
        """Open a stream of the device, and take its messages up to Synced."""
        client = self.device.client
        request = pb.SubscribeRequest(endpoint_id="laptop")
        call = client.feeds.Subscribe(request, metadata=client.metadata)
        messages = aiter(call)
        while not (await anext(messages)).HasField("synced"):
            pass
        try:
            yield messages
        finally:
            call.cancel()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", size=24) as disk:
        yield disk


@asynccontextmanager
async def clients(server: ServerProcess) -> AsyncIterator[Clients]:
    async with create_channel(server.address) as channel:
        yield Clients(channel)


async def until_full(write: Callable[[], Awaitable[Any]]) -> int:
    """Repeat a write until there is no room for it, and return how often it was done."""
    done = 0
    while True:
        try:
            await write()
        except grpc.aio.AioRpcError as error:
            refusal = from_rpc_error(error)
            assert (refusal.reason, refusal.retry_delay) == ("STORE_FULL", 1.0)
            return done
        done += 1


async def goodbye(messages: AsyncIterator[pb.SubscribeResponse]) -> pb.Goodbye:
    async for message in messages:
        if message.HasField("goodbye"):
            return message.goodbye
    raise AssertionError("the stream ended without a word")


async def test_devices_go_live_and_nothing_is_lost(disk: SmallDisk) -> None:
    # Given a registered device, and a disk that is full
    disk.fill(leave=ROOM)
    with serving(disk.folder / "unisono.db", under=disk.under) as server:
        async with clients(server) as given:
            await given.device.register()
            first = await given.app.send("First")
            stored = 1 + await given.fill()

            # Then whatever would be written is refused
            for write in WRITES.values():
                with raises_status("UNAVAILABLE", "STORE_FULL"):
                    await write(given.app, given.device, first.id)
            results = await given.app.send_all(given.app.new(payload=long()), given.app.new(payload=long()))
            assert [result.error.code for result in results] == [grpc.StatusCode.UNAVAILABLE.value[0]] * 2

            # And what is stored can be read, and its newest stream is that of the device
            assert (await given.app.feed()).unread_count == stored
            async with given.stream() as older, given.stream() as newer:
                assert (await goodbye(older)).reason == pb.GOODBYE_REASON_SUPERSEDED
                assert (await given.device.endpoint()).connected

                # When there is room again, then everything goes on
                disk.free()
                sent = await given.app.send("Well again")
                message = await anext(newer)
                assert [event.notification.id for event in message.event_batch.events] == [sent.id]
                await given.device.mark(first.id, read_state=READ)
            assert (await given.app.feed()).unread_count == stored
    warnings = server.entries("the store could not be written")
    assert [warning["reason"] for warning in warnings] == ["STORE_FULL"]
    assert not [entry for entry in server.log if entry["level"] in ("error", "critical")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_server_starts_on_a_full_disk(disk: SmallDisk, number: signal.Signals) -> None:
    store = disk.folder / "unisono.db"
    disk.fill(leave=ROOM)
    with serving(store, under=disk.under) as server:
        async with clients(server) as given:
            await given.device.register()
            async with given.stream():
                stored = await given.fill()
                server.signal(number)
                await asyncio.to_thread(server.ended)
    disk.fill()

    with serving(store, under=disk.under) as server:
        async with clients(server) as given:
            with raises_status("UNAVAILABLE", "STORE_FULL"):
                await given.app.send(payload=long())
            async with given.stream():
                assert (await given.app.feed()).unread_count == stored
            disk.free()
            await given.app.send("Well again")
            assert (await given.app.feed()).unread_count == stored + 1
            # What the row says is of a session that ended with its server.
            assert not (await given.device.endpoint()).connected


def test_a_server_that_finds_no_room_at_all_says_what_to_do(disk: SmallDisk) -> None:
    """The index of the log is beside the store only while a server runs, or after it was killed."""
    store = disk.folder / "unisono.db"
    with serving(store, under=disk.under):
        pass
    disk.fill()

    for command in ("serve", "migrate"):
        ended = run(command, "--store", url(store), under=disk.under)
        assert ended.returncode == 1
        assert re.search(r"unisono\.db: its disk is full; free some space", ended.stderr), ended.stderr


def test_a_new_store_does_not_fit_on_a_full_disk(disk: SmallDisk) -> None:
    disk.fill()

    ended = run("migrate", "--store", url(disk.folder / "unisono.db"), under=disk.under)

    assert ended.returncode == 1
    assert "its disk is full; free some space" in ended.stderr
