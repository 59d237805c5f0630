"""A device rings once for each alert: across connections, processes, and stores that were restored."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.sdk.device_script import RecordedEvents, laptop, until
from tests.sdk.relay import CuttingRelay
from tests.support import tokens
from tests.support.nodes import Running, Setup, running
from tests.support.proxies import proxied
from tests.support.stub_server import StubServer
from unisono.client import Device, Event, FileStorage, Publisher, ReadState, Status
from unisono.server.clock import RandomIds
from unisono.server.store.sqlite.backup import backup as back_up
from unisono.server.store.sqlite.backup import restore

#: Nobody listens there.
NOWHERE = "127.0.0.1:1"


def silent(_done: int, _pages: int) -> None:
    return


async def in_unison(device: Device, backend: Publisher) -> None:
    """Wait until it is where its feed is; then it holds what the store holds."""
    last = (await backend.get_feed("ada")).last_revision
    await until(device, lambda device: device.status is Status.LIVE and device.revision == last)
    assert device.notifications == tuple([row async for row in backend.list("ada", page_size=500)])


def rung(events: list[Event]) -> list[tuple[str, int]]:
    return [(event.notification.id, event.notification.alert_revision) for event in events if event.ring]


async def test_once_across_processes(tmp_path: Path, node: Running, backend: Publisher) -> None:
    """Each life misses one and meets one."""
    all_events: list[Event] = []
    wanted: list[str] = []
    for life in range(6):
        device = laptop(node.target, tokens.device("ada"), storage=FileStorage(tmp_path / "inbox"))
        recorded = RecordedEvents(device)
        async with device:
            await in_unison(device, backend)
            wanted.append((await backend.send("ada", title=f"met in {life}")).id)
            await in_unison(device, backend)
        await recorded.end()
        all_events += recorded.events
        wanted.append((await backend.send("ada", title=f"missed after {life}")).id)

    assert [id_ for id_, _ in rung(all_events)] == wanted[:-1]


@pytest.mark.parametrize("seed", range(4))
async def test_once_whatever_happens(
    tmp_path: Path, script: StubServer, node: Running, backend: Publisher, seed: int
) -> None:
    """Streams break at random, processes end, and notifications are sent, rewritten and read."""
    random, relay = Random(seed), CuttingRelay(script, node)  # noqa: S311
    all_events: list[Event] = []
    due: set[str] = set()
    for _ in range(6):
        relay.limits = [random.randint(0, 3) for _ in range(random.randint(0, 3))]
        device = laptop(script.target, tokens.device("ada"), storage=FileStorage(tmp_path / "inbox"))
        recorded = RecordedEvents(device)
        async with device:
            await in_unison(device, backend)
            for _ in range(5):
                if random.random() < 0.3:
                    relay.limits = [random.randint(0, 4)]
                    relay.end_streams()
                due |= await happen(device, backend, random)
                await in_unison(device, backend)
        await recorded.end()
        all_events += recorded.events
        # What is missed and read meanwhile never rings.
        missed = await backend.send("ada", title="missed")
        await backend.mark("ada", missed, read_state=ReadState.READ)

    rings = rung(all_events)
    assert len(rings) == len(set(rings))
    assert {f"{id_} {revision}" for id_, revision in rings} == due


async def happen(device: Device, backend: Publisher, random: Random) -> set[str]:
    """One thing, and the alert that it is."""
    if not device.notifications or random.random() < 0.5:
        sent = await backend.send("ada", title="new")
        return {f"{sent.id} {sent.revision}"}
    row = random.choice(device.notifications)
    if random.random() < 0.5:
        await backend.mark("ada", row, read_state=ReadState.READ)
        return set()
    quiet = random.random() < 0.3
    changed = await backend.update("ada", row, title=f"title {random.random()}", silent=quiet)
    return {f"{row.id} {changed.revision}"} if changed.counts_as_unread and not quiet else set()


@pytest.mark.parametrize("goes_on", [0, 2, 5])
async def test_a_store_that_was_restored(tmp_path: Path, goes_on: int) -> None:
    """The feed went on differently: revisions come again, and mean something else."""
    store, copy, again = tmp_path / "unisono.db", tmp_path / "copy.db", tmp_path / "restored.db"
    inbox, all_events = tmp_path / "inbox", list[Event]()
    # Given a device that is two notifications ahead of a backup
    async with running(Setup(path=store)) as node, Publisher(node.target, tokens.publisher()) as backend:
        device = laptop(node.target, tokens.device("ada"), storage=FileStorage(inbox))
        recorded = RecordedEvents(device)
        async with device:
            for number in range(4):
                if number == 2:
                    await asyncio.to_thread(back_up, store, copy, silent)
                await backend.send("ada", title=f"before {number}")
            await in_unison(device, backend)
        await recorded.end()
        all_events += recorded.events
    assert recorded.rings[-2:] == ["before 2", "before 3"]
    await asyncio.to_thread(restore, copy, again, RandomIds(), silent)
    # When that is what is served, and it goes on before the device is back, and after
    async with running(Setup(path=again)) as node, Publisher(node.target, tokens.publisher()) as backend:
        for number in range(goes_on):
            await backend.send("ada", title=f"unseen {number}")
        device = laptop(node.target, tokens.device("ada"), storage=FileStorage(inbox))
        recorded = RecordedEvents(device)
        async with device:
            await in_unison(device, backend)
            assert {row.title for row in device.notifications} >= {"before 0", "before 1"}
            for number in range(4):
                await backend.send("ada", title=f"after {number}")
                await in_unison(device, backend)
        await recorded.end()
        # Then it holds what the store holds, and rings for what is new, though it rang at these revisions
        assert [title for title in recorded.rings if title.startswith("after")] == [
            f"after {n}" for n in range(4)
        ]
        assert not [title for title in recorded.rings if title.startswith("before")]
        gone = {event.notification.title for event in recorded.events if event.removed}
        assert gone == {"before 2", "before 3"}
    all_events += recorded.events
    assert len(rung(all_events)) == len(set(rung(all_events)))


async def test_a_store_that_was_restored_under_a_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alert that is older than one that it rang for, and yet new."""
    monkeypatch.setattr("unisono.server.app.node.DRAIN_RETRY", 0.1)
    store, copy, again = tmp_path / "unisono.db", tmp_path / "copy.db", tmp_path / "restored.db"
    async with proxied(NOWHERE) as proxy:
        device = laptop(proxy.target, tokens.device("ada"))
        recorded = RecordedEvents(device)
        await device.open()
        async with running(Setup(path=store)) as node, Publisher(node.target, tokens.publisher()) as backend:
            proxy.server = node.target
            sent = await backend.send("ada", title="one")
            await in_unison(device, backend)
            await asyncio.to_thread(back_up, store, copy, silent)
            for title in ("two", "three"):
                await backend.update("ada", sent, title=title)
                await in_unison(device, backend)
        await asyncio.to_thread(restore, copy, again, RandomIds(), silent)
        async with running(Setup(path=again)) as node, Publisher(node.target, tokens.publisher()) as backend:
            proxy.server = node.target
            proxy.cut()
            await in_unison(device, backend)
            await backend.update("ada", sent, title="another")
            await in_unison(device, backend)
        await device.close()
        await recorded.end()

    assert recorded.rings[-3:] == ["two", "three", "another"]
