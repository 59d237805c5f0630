"""An issuer gets a user_prefix: users are renamed while no server runs, and devices go on by themselves."""

import asyncio
import json
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final

import grpc
import pytest

from tests.support import tokens
from tests.support.devices import Device as ByHand
from tests.support.fleet import fleet, user_ids, wait_converged
from tests.support.nodes import Client
from tests.support.processes import TESTERS, ServerProcess, run, serving, url
from unisono.client import (
    Device,
    FeedBarred,
    InvalidRequest,
    Publisher,
    ReadState,
    Status,
    create_channel,
)
from unisono.v1 import feed_service_pb2 as pb

PREFIX: Final = "entra:"
USERS, DEVICES, SENDS = 2, 2, 4
(ISSUER,) = json.loads(TESTERS["UNISONO_ISSUERS"])
WITH_PREFIX: Final = {**TESTERS, "UNISONO_ISSUERS": json.dumps([{**ISSUER, "user_prefix": PREFIX}])}


async def test_devices_start_anew_by_themselves_and_lose_and_repeat_nothing(tmp_path: Path) -> None:
    store = tmp_path / "unisono.db"
    with ExitStack() as servers:
        # Given devices of two users, of the SDK and by hand, which hold what was sent
        server = await start(servers, store, TESTERS)
        address = server.address
        members = fleet(address, users=USERS, devices=DEVICES)
        await asyncio.gather(*(member.join() for member in members))
        await asyncio.gather(*(member.device.wait_for(is_live) for member in members))
        eraser = tokens.publisher(scope=tokens.ERASER_SCOPES)
        async with Publisher(address, eraser, timeout=60) as publisher, create_channel(address) as channel:
            await send(publisher, user_ids(USERS))
            await wait_converged(members, publisher)
            by_hand = await connected(channel)
            page = await publisher.page("user-0", page_size=2)
            await publisher.delete_user("deleted", bar_for=timedelta(hours=1))

            # When the server stops, one of them marks, and the users are renamed
            server.signal(signal.SIGTERM)
            await by_hand.ended()
            assert await asyncio.to_thread(server.ended) == 0
            before = by_hand.held.messages[-1]
            marking = members[0].device
            await marking.wait_for(lambda device: not is_live(device))
            marked = marking.notifications[0]
            await marking.mark(marked, read_state=ReadState.READ)
            await asyncio.to_thread(refused, store)
            await asyncio.to_thread(rename, store)
            await start(servers, store, WITH_PREFIX, "--listen", address)

            # Then each starts anew, holds what the store holds under the new id, and has sent its mark
            for member in members:
                member.user_id = PREFIX + member.user_id
            await asyncio.gather(*(member.came_back(1) for member in members))
            await wait_converged(members, publisher)
            for member in members:
                assert {row.user_id for row in member.device.notifications} == {member.user_id}
                assert len(member.device.notifications) == SENDS
            stored = await publisher.get(members[0].user_id, marked.id)
            assert stored.read_state is ReadState.READ

            # And so does one by hand, with its token from before
            again = await connected(channel, by_hand)
            (welcome, *_) = again.held.messages
            assert before.goodbye.reason == pb.GOODBYE_REASON_DRAINING
            assert not welcome.welcome.resumed
            assert {row.user_id for row in again.held.notifications.values()} == {PREFIX + "user-1"}
            assert len(again.held.notifications) == SENDS
            await again.disconnect()

            # And what is sent to the new ids rings once, what was before does not ring again
            await send(publisher, [PREFIX + user_id for user_id in user_ids(USERS)])
            await wait_converged(members, publisher)

            # And lists begin anew, and who was barred is
            with pytest.raises(InvalidRequest, match="page_token"):
                await publisher.page(PREFIX + "user-0", page.next_page_token, page_size=2)
            with pytest.raises(FeedBarred):
                await publisher.send(PREFIX + "deleted", title="Welcome back")
        await asyncio.gather(*(member.leave() for member in members))

    assert {member.device.error for member in members} == {None}
    assert [wrong for member in members for wrong in member.wrong_rings()] == []


def is_live(device: Device) -> bool:
    return device.status is Status.LIVE


async def start(servers: ExitStack, store: Path, env: Mapping[str, str], *flags: str) -> ServerProcess:
    return await asyncio.to_thread(lambda: servers.enter_context(serving(store, *flags, env=env)))


async def send(publisher: Publisher, users: list[str]) -> None:
    for number in range(SENDS):
        await asyncio.gather(*(publisher.send(user, title=f"number {number}") for user in users))


async def connected(channel: grpc.aio.Channel, before: ByHand | None = None) -> ByHand:
    """A device by hand of user-1, from where it left off."""
    held = before.held if before is not None else None
    return await ByHand(Client(channel, tokens.device("user-1")), "by hand", held).connect()


def refused(store: Path) -> None:
    """No server starts that would give everybody another id than the store has."""
    done = run("serve", "--listen", "127.0.0.1:0", "--store", url(store), env=WITH_PREFIX)
    assert done.returncode == 1
    assert f"`unisono-server rename-users --app mail.test --prefix {PREFIX}`" in done.stderr


def rename(store: Path) -> None:
    command = ("rename-users", "--app", "mail.test", "--prefix", PREFIX, "--store", url(store))
    said = run(*command)
    assert said.stdout.startswith(f"{store}: {USERS} users of the app mail.test would get new ids")
    done = run(*command, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{store}: {USERS} users of the app mail.test got new ids")
