"""Finds out what is known of a feed: in the store, in what is not saved yet, and in the open streams."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from unisono.server.core.bars import Bars
from unisono.server.core.decide.commands import Ref
from unisono.server.core.hub import Hub, Subscriber
from unisono.server.core.presence import Presence
from unisono.server.model import Endpoint, FeedKey, Notification
from unisono.server.model.value import value
from unisono.server.store.base import Store
from unisono.server.store.reads import Inspected, Inspection

ENDPOINTS_MAX: Final = 100
"""Endpoints that are told of, and as many that were deleted."""


@value(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """A stream that is open on this node. `position` is the revision up to which it was written, None before
    it has begun; `complete`: that is the state of the feed at it. `superseded`: a newer one has its endpoint.
    """

    endpoint_id: str
    position: int | None
    complete: bool
    superseded: bool


@value(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a feed. `inspection` is None where nothing is stored of it; in it is what is not saved
    yet, too. `more_endpoints`: there may be others. `resume_before` is as in `HistoryPage`.
    """

    inspection: Inspection | None
    streams: Sequence[OpenStream]
    more_endpoints: bool = False
    resume_before: int | None = None
    barred_until: int | None

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The endpoints, those that were deleted last."""
        found = self.inspection
        return () if found is None else (*found.endpoints, *found.deleted_endpoints)

    @property
    def rows(self) -> Sequence[Notification]:
        """The notifications, in the order of an inspection."""
        return () if self.inspection is None else self.inspection.rows


class Explaining:
    """Finds out what is known of feeds."""

    def __init__(self, store: Store, hub: Hub, presence: Presence, bars: Bars) -> None:
        self._store = store
        self._hub = hub
        self._presence = presence
        self._bars = bars

    async def known(self, feed: FeedKey, ref: Ref | None, *, before: int | None, limit: int) -> Known:
        """Return what is known of a feed, and of one notification of it or of a page of at most `limit`.

        The page is as in `Inspected`. Raises `Unavailable`.
        """
        what = Inspected(
            ids=(ref.id,) if ref and ref.id else (),
            keys=(ref.key,) if ref and ref.key else (),
            before=before,
            limit=limit + 1,
            endpoints=ENDPOINTS_MAX + 1,
        )
        found = await self._store.inspect(feed, what)
        barred = self._bars.until(feed)
        subscribers = self._hub.subscribers(feed)
        if found is None:
            return Known(inspection=None, streams=self._streams(feed, subscribers, ()), barred_until=barred)
        live = [row for row in found.rows if row.live]
        gone = [row for row in found.rows if not row.live]
        follows = ref is None and len(live) > limit
        if ref is None:
            live, gone = live[:limit], gone[:limit]
        several = found.endpoints, found.deleted_endpoints
        endpoints, deleted = (
            [self._presence.merged(one, found.feed.epoch) for one in some[:ENDPOINTS_MAX]] for some in several
        )
        return Known(
            inspection=replace(found, endpoints=endpoints, deleted_endpoints=deleted, rows=[*live, *gone]),
            streams=self._streams(feed, subscribers, found.endpoints),
            more_endpoints=any(len(some) > ENDPOINTS_MAX for some in several),
            resume_before=live[-1].create_revision if follows else None,
            barred_until=barred,
        )

    def _streams(
        self, feed: FeedKey, subscribers: Sequence[Subscriber], endpoints: Sequence[Endpoint]
    ) -> Sequence[OpenStream]:
        owners = {endpoint.endpoint_id: endpoint.session_id for endpoint in endpoints}
        streams: list[OpenStream] = []
        for one in subscribers:
            position = one.position
            owner = self._presence.unsaved.owner(feed, one.endpoint_id) or owners.get(one.endpoint_id, "")
            streams.append(
                OpenStream(
                    endpoint_id=one.endpoint_id,
                    position=None if position is None else position.cursor,
                    complete=position is not None and position.complete,
                    superseded=owner not in ("", one.session_id),
                )
            )
        return sorted(streams, key=lambda stream: stream.endpoint_id)[: 2 * ENDPOINTS_MAX]
