"""Collapsed: a catch-up has each notification once, as it is now, however often it changed."""

import asyncio
from pathlib import Path

from tests.guarantees.reader import Reader
from tests.support.api_client import DISMISSED, ApiClient, titled
from tests.support.nodes import Setup, running

CHANGES = 1_000


async def test_a_thousand_changes_of_three_notifications_are_three_events(tmp_path: Path) -> None:
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        backend = ApiClient(node.publisher, user_id="ada")
        ids = [(await backend.send("First")).id for _ in range(3)]
        reader = Reader(node.user()).open()
        await reader.follow(3)
        reader.cut()
        await asyncio.gather(
            *(backend.update(ids[n % 3], content={"payload": titled(f"No. {n}")}) for n in range(CHANGES))
        )
        await backend.mark(ids[0], user_action_state=DISMISSED)

        await reader.back()
        batch = await reader.take()
        synced = await reader.take()

        assert sorted(event.notification_id for event in batch.event_batch.events) == sorted(ids)
        assert batch.ByteSize() < 2_000
        assert synced.HasField("synced")
        assert (synced.revision, synced.unread_count) == (CHANGES + 4, 2)
        assert {id_ for id_, _ in reader.held.rung} == set(ids[1:])
        reader.cut()


async def test_what_came_and_went_costs_a_removal_each(tmp_path: Path) -> None:
    """And nothing of their content."""
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        backend = ApiClient(node.publisher, user_id="ada")
        reader = Reader(node.user()).open()
        await reader.follow(0)
        reader.cut()
        for _ in range(20):
            sent = await backend.send("Gone", group_name="g" * 200)
            await backend.delete(sent.id)

        await reader.back()
        batch = await reader.take()

        assert [event.removed for event in batch.event_batch.events] == [True] * 20
        assert b"Gone" not in batch.SerializeToString()
        assert b"gggg" not in batch.SerializeToString()
        assert reader.held.notifications == {}
        reader.cut()
