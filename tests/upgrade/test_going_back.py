"""A store goes from one release to the other and back: devices go on where they were, and commands work."""

import asyncio
import signal
import sqlite3
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import grpc
import pytest

from tests.support import release_before, tokens
from tests.support.devices import Device as ByHand
from tests.support.fleet import TrackedDevice, fleet, user_ids, wait_converged
from tests.support.nodes import Client
from tests.support.processes import TESTERS, ServerProcess, run, serving, url
from tests.upgrade.releases import BEFORE, THIS, environment, serves
from unisono.client import Device, Publisher, ReadState, Status, UserActionState, create_channel
from unisono.server.store.sqlite import schema

USERS, DEVICES, SENDS = 2, 2, 6

#: How long a notification lives that expires while the other release serves, if that is there by then.
LIFETIME = timedelta(seconds=5)


@pytest.mark.parametrize(("first", "second"), [(THIS, BEFORE), (BEFORE, THIS)])
async def test_devices_go_on_where_they_were(tmp_path: Path, first: str, second: str) -> None:
    store = tmp_path / "unisono.db"
    with ExitStack() as servers:
        # Given devices of the SDK and by hand, which hold what one release has stored
        server = await start(servers, store, first)
        address = server.address
        members = fleet(address, users=USERS, devices=DEVICES)
        await asyncio.gather(*(member.join() for member in members))
        await asyncio.gather(*(member.device.wait_for(is_live) for member in members))
        async with (
            Publisher(address, tokens.publisher(), timeout=60) as publisher,
            create_channel(address) as channel,
        ):
            await change(publisher, members)
            await wait_converged(members, publisher)
            by_hand = await connected(channel)

            for times, version in enumerate((second, first), 1):
                # When the other release serves the store
                expire_time = datetime.now(UTC) + LIFETIME
                expiring = await publisher.send("user-1", title="Soon over", expire_time=expire_time)
                server.signal(signal.SIGTERM)
                await by_hand.ended()
                assert await asyncio.to_thread(server.ended) == 0
                server = await start(servers, store, version, "--listen", address)
                assert await serves(address) == version

                # Then each resumes, misses nothing, and what expires does
                await asyncio.gather(*(member.came_back(times) for member in members))
                by_hand = await connected(channel, by_hand)
                assert by_hand.held.messages[0].welcome.resumed
                await members[-1].device.wait_for(partial(is_gone, expiring.id))
                await change(publisher, members)
                await wait_converged(members, publisher)
                feed = await publisher.get_feed("user-1")
                held = (await by_hand.at(feed.last_revision)).notifications
                assert held.keys() == set(ids(members[-1].device))
            await by_hand.disconnect()
        await asyncio.gather(*(member.leave() for member in members))

    assert {member.device.error for member in members} == {None}
    assert [wrong for member in members for wrong in member.wrong_rings()] == []
    assert version_of(store) == schema.latest()


async def change(publisher: Publisher, members: list[TrackedDevice]) -> None:
    """Send to all, and read, dismiss, snooze, rewrite and delete some."""
    for user_id in user_ids(USERS):
        sent = [await publisher.send(user_id, title=f"number {n}", group_name="mail") for n in range(SENDS)]
        await publisher.mark(user_id, [sent[0]], read_state=ReadState.READ)
        await publisher.mark(user_id, [sent[1]], user_action_state=UserActionState.DISMISSED)
        await publisher.update(user_id, sent[2], title="rewritten")
        await publisher.delete(user_id, sent[3])
        device = next(member.device for member in members if member.user_id == user_id)
        await device.wait_for(partial(is_there, sent[-1].id))
        await device.snooze(sent[4].id, timedelta(hours=1))


async def start(servers: ExitStack, store: Path, version: str, *flags: str) -> ServerProcess:
    env = {**TESTERS, **environment(version)}
    return await asyncio.to_thread(lambda: servers.enter_context(serving(store, *flags, env=env)))


async def connected(channel: grpc.aio.Channel, before: ByHand | None = None) -> ByHand:
    """A device by hand of user-1, from where it left off."""
    held = before.held if before is not None else None
    return await ByHand(Client(channel, tokens.device("user-1")), "by hand", held).connect()


def is_live(device: Device) -> bool:
    return device.status is Status.LIVE


def is_there(id_: str, device: Device) -> bool:
    return id_ in ids(device)


def is_gone(id_: str, device: Device) -> bool:
    return id_ not in ids(device)


def ids(device: Device) -> list[str]:
    return [row.id for row in device.notifications]


def version_of(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connection:
        return schema.version(connection)


async def test_commands_of_the_release_before_work_on_the_store(tmp_path: Path) -> None:
    store, copy, restored = (tmp_path / name for name in ("unisono.db", "copy.db", "restored.db"))
    before = {**TESTERS, **environment(BEFORE)}
    with serving(store) as server:
        async with Publisher(server.address, tokens.publisher()) as publisher:
            await publisher.send("ada", title="Hello")

    rename = ("rename-users", "--app", "mail.test", "--prefix", "new:", "--yes")
    done = [
        run("migrate", "--store", url(store), env=before),
        run("backup", "--store", url(store), "--to", copy, env=before),
        run("restore", "--from", copy, "--store", url(restored), env=before),
        run(*rename, "--store", url(restored), env=before),
    ]

    assert [ended.stderr for ended in done if ended.returncode] == []
    assert done[0].stdout == f"{store} has version {release_before.STORE_VERSION} already\n"
    assert [version_of(file) for file in (store, copy, restored)] == [schema.latest()] * 3
    checked = run("migrate", "--check", "--store", url(restored))
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "nothing is to be done")
    with serving(restored) as server:
        async with Publisher(server.address, tokens.publisher()) as publisher:
            assert [row.title async for row in publisher.list("new:ada")] == ["Hello"]


def test_what_is_to_be_done_is_said_while_the_release_before_serves(tmp_path: Path) -> None:
    store = tmp_path / "unisono.db"
    with serving(store, env={**TESTERS, **environment(BEFORE)}) as server:
        checked = run("migrate", "--check", "--store", url(store))
        assert server.status is None
    first, *to_do, then, last = checked.stdout.splitlines()
    kept = release_before.STORE_VERSION
    assert (checked.returncode, checked.stderr) == (3, "")
    assert first == f"{store} has version {kept}; servers from version {kept} on may use it"
    assert to_do == [f"to be made: version {made}" for made in range(kept + 1, schema.latest() + 1)]
    assert then == f"then it has version {schema.latest()}; servers from version {kept} on may use it"
    assert (last, version_of(store)) == ("nothing was changed", kept)


def test_it_refuses_a_store_that_only_later_ones_may_use_and_leaves_it_alone(tmp_path: Path) -> None:
    store = tmp_path / "unisono.db"
    assert run("migrate", "--store", url(store)).returncode == 0
    with closing(sqlite3.connect(store)) as connection:
        connection.execute(f"PRAGMA user_version = {release_before.STORE_VERSION + 1}")
        connection.commit()
    content = store.read_bytes()

    refused = run("serve", "--store", url(store), env={**TESTERS, **environment(BEFORE)})

    assert refused.returncode == 1
    assert "use the newer server that made it" in refused.stderr
    assert store.read_bytes() == content
