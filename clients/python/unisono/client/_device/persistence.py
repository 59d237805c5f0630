"""Saves a device's state in its storage, and knows under which keys."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError

from unisono.client._device.inbox_changes import InboxChanges
from unisono.client._device.pending_mark import Mark
from unisono.client._device.settling import Settlement
from unisono.client._device.standing import Base, from_rows, to_rows
from unisono.client._device.storage import Storage
from unisono.client._errors import StorageFailed
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import ListNotificationsResponse, MarkNotificationsRequest

_ENDPOINT: Final = "endpoint"
_POINT: Final = "point"
_FEED_EPOCH: Final = "feed_epoch"
_SERVER_CLOCK: Final = "server_clock"
_NOTIFICATION: Final = "notification/"
_MARK: Final = "mark/"
_BASE: Final = "base/"
_ANSWERED: Final = "answered/"

#: In seconds: the server's clock is saved when it differs by as much from what is saved.
_CLOCK_STEP: Final = 1.0

#: Ten times what a feed holds by default: then the storage will not work any more.
MAX_UNSAVED: Final = 100_000

_log = logging.getLogger("unisono.client")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMark:
    """A mark that an earlier process saved: its number, what it asks for, and what that was, by id.

    `answered`: the server has done it, and the inbox had not reached it yet.
    """

    number: int
    request: MarkNotificationsRequest
    bases: Mapping[str, Base]
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """The state that an earlier process saved: rows by id, the position, and its marks in order.

    `feed_epoch` is empty where an older one saved it. `clock` is how far the server's clock is ahead of the
    wall clock, in seconds; None: not known.
    """

    rows: Mapping[str, pb.Notification]
    point: feed_pb.SubscribeResponse
    feed_epoch: bytes
    marks: Sequence[SavedMark]
    clock: float | None


def owner_of(kept: Mapping[str, bytes]) -> str:
    """Return the endpoint id whose state is in a storage; empty for a new one."""
    return kept.get(_ENDPOINT, b"").decode(errors="replace")


def carried_over(kept: Mapping[str, bytes], endpoint_id: str) -> dict[str, bytes]:
    """Return what changes in a storage that becomes another endpoint's: its name, the position, the marks.

    Raises `StorageFailed` where what is kept is damaged.
    """
    if owner_of(kept) in ("", endpoint_id):
        return {}
    changes = {_ENDPOINT: endpoint_id.encode()}
    try:
        point = feed_pb.SubscribeResponse.FromString(kept.get(_POINT, b""))
        point.ClearField("resume_token")
        changes[_POINT] = point.SerializeToString()
        for prefix in (_MARK, _ANSWERED):
            for key, value in _under(prefix, kept):
                request = MarkNotificationsRequest.FromString(value)
                request.endpoint_id = endpoint_id
                changes[prefix + key] = request.SerializeToString()
    except DecodeError as error:
        raise StorageFailed(f"what is kept is damaged: {error}") from error
    return changes


class Persistence:
    """One device's use of its storage: the inbox and its position change together or not at all."""

    def __init__(self, storage: Storage, endpoint_id: str) -> None:
        self._storage = storage
        self._endpoint_id = endpoint_id
        self._unsaved: dict[str, bytes | None] = {}
        self._clock: float | None = None
        self._saving = asyncio.Lock()
        #: All keys that may be in the storage.
        self._keys: set[str] = set()
        self._erased = False
        self._closed = False

    async def load(self) -> SavedState:
        """Return the saved inbox, position and pending marks; all are empty for a new storage.

        Raises `StorageFailed` when the storage does, and when the state is damaged or another endpoint's.
        """
        kept = await self._storage.load()
        self._keys.update(kept)
        try:
            return self._parsed(kept)
        except (DecodeError, ValueError) as error:
            raise StorageFailed(f"what is kept is damaged: {error}") from error

    def _parsed(self, kept: Mapping[str, bytes]) -> SavedState:
        owner = kept.get(_ENDPOINT, self._endpoint_id.encode()).decode()
        if owner != self._endpoint_id:
            raise StorageFailed(f"it belongs to the endpoint {owner!r}, not to {self._endpoint_id!r}")
        if _SERVER_CLOCK in kept:
            self._clock = Duration.FromString(kept[_SERVER_CLOCK]).ToNanoseconds() / 1e9
        return SavedState(
            rows={key: pb.Notification.FromString(value) for key, value in _under(_NOTIFICATION, kept)},
            point=feed_pb.SubscribeResponse.FromString(kept.get(_POINT, b"")),
            feed_epoch=kept.get(_FEED_EPOCH, b""),
            marks=sorted(_marks(kept), key=lambda mark: mark.number),
            clock=self._clock,
        )

    async def save_changes(
        self, changes: InboxChanges, clock: float | None = None, settlement: Settlement | None = None
    ) -> bool:
        """Save what a complete point changed, and return whether that succeeded.

        `clock` is how far the server's clock is ahead of the wall clock now, in seconds; `settlement` is what
        the point made of marks. What cannot be saved now is saved with the next one; a device that starts
        before then is behind, and catches up.
        """
        self._unsaved[_ENDPOINT] = self._endpoint_id.encode()
        self._unsaved[_POINT] = changes.point.SerializeToString()
        self._unsaved[_FEED_EPOCH] = changes.feed_epoch
        self._keep_clock(clock)
        if settlement is not None:
            for mark in settlement.changed.values():
                self._unsaved |= _kept(mark)
            for number in settlement.done:
                self._unsaved |= _gone(number)
        for id_, row in changes.rows.items():
            self._unsaved[_NOTIFICATION + id_] = row.SerializeToString() if row is not None else None
        return await self._flush()

    async def make_room(self) -> None:
        """Save what is unsaved. Raises `StorageFailed` as `check_room` does."""
        if self._unsaved:
            await self._flush()
        self.check_room()

    def check_room(self) -> None:
        """Raise `StorageFailed` when more than `MAX_UNSAVED` keys are unsaved: all of them are in memory."""
        if len(self._unsaved) > MAX_UNSAVED:
            raise StorageFailed("the storage has kept nothing for too long")

    async def save_mark(self, mark: Mark) -> None:
        """Save a mark that is to be sent. Raises `StorageFailed`."""
        async with self._saving:
            await self._save(_kept(mark))

    async def keep_answered(self, mark: Mark) -> None:
        """Save that a mark was answered: it is not sent again, and laid over until the inbox has it.

        If that fails now, it is done with the next complete point; so is `delete_mark`.
        """
        self._unsaved |= _gone(mark.number) | _kept(mark)
        await self._flush()

    async def delete_mark(self, number: int) -> None:
        """Delete a mark that was answered."""
        self._unsaved |= _gone(number)
        await self._flush()

    async def discard(self, ids: Iterable[str], marks: Iterable[int]) -> None:
        """Delete everything but whose it is: the notifications with these ids, and these marks.

        What fails now is done with the next complete point. A device that starts before then finds the feed
        of another life, and discards it again.
        """
        held = [_NOTIFICATION + id_ for id_ in ids] + [key for number in marks for key in _gone(number)]
        self._unsaved = dict.fromkeys((*self._unsaved, *held, _POINT, _FEED_EPOCH))
        self._unsaved[_ENDPOINT] = self._endpoint_id.encode()
        await self._flush()

    async def erase(self) -> None:
        """Delete everything, so that the storage is as new; nothing is saved after that.

        Raises `StorageFailed` where that fails; `close` tries again.
        """
        self._erased = True
        async with self._saving:
            self._unsaved = dict.fromkeys(self._keys)
        if self._unsaved and not await self._flush():
            raise StorageFailed("what is kept could not be deleted")

    async def close(self) -> None:
        """Save what is unsaved, if that is possible now, and close the storage. May be called twice.

        Raises `StorageFailed` when the storage cannot be closed.
        """
        if self._unsaved:
            await self._flush()
        async with self._saving:
            if not self._closed:
                self._closed = True
                await self._storage.close()

    def _keep_clock(self, clock: float | None) -> None:
        if clock is not None and (self._clock is None or abs(clock - self._clock) >= _CLOCK_STEP):
            self._clock = clock
            self._unsaved[_SERVER_CLOCK] = Duration(seconds=round(clock)).SerializeToString()

    async def _flush(self) -> bool:
        """Save what is unsaved; return whether that succeeded."""
        async with self._saving:
            changes, self._unsaved = self._unsaved, {}
            saved = False
            try:
                await self._save(changes)
                saved = True
            except StorageFailed as error:
                _log.warning("what the device holds could not be kept: %r", error)
            finally:
                if not saved:
                    self._unsaved = changes | self._unsaved
        return saved

    async def _save(self, changes: Mapping[str, bytes | None]) -> None:
        """Save changes. Raises `StorageFailed`, also for what else a storage raises."""
        if self._erased and any(value is not None for value in changes.values()):
            raise StorageFailed("the device has signed out")
        self._keys.update(changes)
        try:
            await self._storage.save(changes)
            self._keys.difference_update(key for key, value in changes.items() if value is None)
        except StorageFailed:
            raise
        except Exception as error:
            raise StorageFailed(f"the storage failed: {error!r}") from error


def _kept(mark: Mark) -> dict[str, bytes | None]:
    """Return what is saved of a mark."""
    rows = [row for id_, base in mark.bases.items() for row in to_rows(id_, base)]
    prefix = _MARK if mark.answered is None else _ANSWERED
    return {
        f"{prefix}{mark.number:012}": mark.by_references.SerializeToString(),
        f"{_BASE}{mark.number:012}": ListNotificationsResponse(notifications=rows).SerializeToString(),
    }


def _gone(number: int) -> dict[str, bytes | None]:
    """Return the keys of a mark, to be removed."""
    return {f"{prefix}{number:012}": None for prefix in (_MARK, _BASE, _ANSWERED)}


def _marks(kept: Mapping[str, bytes]) -> Iterator[SavedMark]:
    for prefix in (_MARK, _ANSWERED):
        for key, value in _under(prefix, kept):
            rows = ListNotificationsResponse.FromString(kept.get(_BASE + key, b"")).notifications
            yield SavedMark(
                number=int(key),
                request=MarkNotificationsRequest.FromString(value),
                bases=from_rows(rows),
                answered=prefix == _ANSWERED,
            )


def _under(prefix: str, kept: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    return [(key.removeprefix(prefix), value) for key, value in kept.items() if key.startswith(prefix)]
