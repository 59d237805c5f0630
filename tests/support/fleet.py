"""Runs SDK devices of many users, and checks their rings and the states that they end in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.support import tokens
from unisono.client import Device, Event, MemoryStorage, Platform, Publisher, Status
from unisono.v1.feed_service_pb2 import SubscribeResponse
from unisono.v1.notification_pb2 import (
    READ_STATE_UNREAD,
    USER_ACTION_STATE_DISMISSED,
    USER_ACTION_STATE_SNOOZED,
    Notification,
)

ASIDE = (USER_ACTION_STATE_DISMISSED, USER_ACTION_STATE_SNOOZED)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The rows that a complete point changed, as the device saved them, and whether it ended a catch-up."""

    rows: dict[str, Notification | None]
    revision: int
    catch_up: bool

    def worth_a_ring(self, since: int) -> list[Notification]:
        """Return the rows with an alert after revision `since` that still count as unread; oldest first."""
        rows = [row for row in self.rows.values() if row is not None and row.alert_revision > since]
        waiting = [row for row in rows if row.read_state == READ_STATE_UNREAD]
        waiting = [row for row in waiting if row.user_action_state not in ASIDE]
        return sorted(waiting, key=lambda row: row.revision)


class RecordingStorage(MemoryStorage):
    """A storage that records each complete point."""

    def __init__(self) -> None:
        super().__init__()
        self.device: Device | None = None
        self.points: list[Snapshot] = []

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        if "point" in changes and self.device is not None:
            rows = {
                key.removeprefix("notification/"): Notification.FromString(value) if value else None
                for key, value in changes.items()
                if key.startswith("notification/")
            }
            point = SubscribeResponse.FromString(changes["point"] or b"")
            catch_up = self.device.status is not Status.LIVE
            self.points.append(Snapshot(rows=rows, revision=point.revision, catch_up=catch_up))
        await super().save(changes)


@dataclass(kw_only=True)
class TrackedDevice:
    """One device with its recording storage, and the events that a task receives from it."""

    user_id: str
    device: Device
    storage: RecordingStorage
    events: list[Event] = field(default_factory=list)
    listening: asyncio.Task[None] | None = None

    async def join(self) -> None:
        await self.device.open()
        self.listening = asyncio.create_task(self._listen())

    async def leave(self) -> None:
        """Close the device, and wait until `events` is complete."""
        await self.device.close()
        if self.listening is not None:
            await self.listening

    async def came_back(self, times: int) -> None:
        """Wait until the device has caught up `times` times after its first catch-up."""
        points = self.storage.points
        await self.device.wait_for(lambda _: sum(point.catch_up for point in points) > times)

    async def _listen(self) -> None:
        async for event in self.device.events():
            self.events.append(event)

    def wrong_rings(self) -> list[str]:
        """Return a line for each ring that was lost, and each that was one too many."""
        rang = {(event.notification.id, event.revision) for event in self.events if event.ring}
        wrong: list[str] = []
        since: int | None = None
        for point in self.storage.points:
            worth = point.worth_a_ring(since) if since is not None else []
            wanted = worth[-1:] if point.catch_up else worth
            wrong += [f"lost: {row.id} at {row.revision}" for row in wanted if _ring(row) not in rang]
            rang -= {_ring(row) for row in wanted}
            since = point.revision
        return wrong + [f"rang once too often: {id_} at {revision}" for id_, revision in rang]


def fleet(target: str, *, users: int, devices: int) -> list[TrackedDevice]:
    """Return `devices` devices for each of `users` users, not opened yet."""
    members = []
    for user_id in user_ids(users):
        for number in range(devices):
            storage = RecordingStorage()
            storage.device = Device(
                target,
                tokens.device(user_id),
                endpoint_id=f"device-{number}",
                platform=Platform.LINUX,
                storage=storage,
            )
            members.append(TrackedDevice(user_id=user_id, device=storage.device, storage=storage))
    return members


def user_ids(users: int) -> list[str]:
    return [f"user-{number}" for number in range(users)]


async def wait_converged(members: list[TrackedDevice], publisher: Publisher) -> None:
    """Wait until all marks are sent and each device has caught up, and compare it with the store."""
    for member in members:
        await member.device.wait_for(lambda device: not device.pending_marks)
    for user_id in {member.user_id for member in members}:
        feed = await publisher.get_feed(user_id)
        stored = tuple([row async for row in publisher.list(user_id, page_size=500)])
        for device in (member.device for member in members if member.user_id == user_id):
            await device.wait_for(partial(_has_reached, feed.last_revision))
            assert device.notifications == stored
            assert device.unread_count == feed.unread_count


def _has_reached(revision: int, device: Device) -> bool:
    return device.revision >= revision


def _ring(row: Notification) -> tuple[str, int]:
    return row.id, row.revision
