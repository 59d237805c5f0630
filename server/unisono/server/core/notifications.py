"""The use cases of NotificationService about single notifications: sending, reading, updating, deleting."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from unisono.server.clock import Clock, Ids
from unisono.server.core.change_list import ChangesCursor, ChangesResult, bounds, checked
from unisono.server.core.decide.commands import (
    Actor,
    Delete,
    EncodedContent,
    Ref,
    Send,
    Update,
    fingerprint,
)
from unisono.server.core.decide.ledger import preferred
from unisono.server.core.decide.preconditions import not_found
from unisono.server.core.decide.results import DeleteResult, SendResult, UpdateResult
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.core.position import Position
from unisono.server.core.resume_token import Seal
from unisono.server.core.turns import Turns
from unisono.server.errors import UnisonoError
from unisono.server.fair_queue import Owner
from unisono.server.model import Audience, Endpoint, FullFeed, Limits, Notification, TargetPolicy
from unisono.server.model.notification import size_of
from unisono.server.model.value import value
from unisono.server.store.base import Store
from unisono.server.store.commit import Room
from unisono.server.store.reads import HistoryPage, ListFilter, Standing


@value(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """A request to create one notification.

    `key` is its `app_notification_id`, empty for none; `replace` rewrites a live one that has the key and
    other content (CONFLICT_POLICY_REPLACE). A `silent` one does not ring.
    """

    actor: Actor
    key: str
    content: EncodedContent
    target: TargetPolicy
    replace: bool
    silent: bool = False


@value(frozen=True, slots=True, kw_only=True)
class ListResult:
    """A page of the history. `resume_token` is the position of its snapshot, on the first page for an
    endpoint; otherwise it is empty.
    """

    page: HistoryPage
    resume_token: bytes = b""


class Notifications:
    """Sends, reads, updates and deletes notifications."""

    def __init__(
        self,
        *,
        commits: FeedCommitter,
        turns: Turns,
        store: Store,
        endpoints: Endpoints,
        clock: Clock,
        ids: Ids,
        limits: Limits,
    ) -> None:
        self._commits = commits
        self._turns = turns
        self._store = store
        self._endpoints = endpoints
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def send(self, request: SendRequest) -> SendResult:
        """Create one notification. Return what is stored, which is on the disk then (Durable).

        The same key and content again return the first one (Idempotent). Raises `AlreadyExists` for a key
        of a live notification with other content, unless the request replaces it; `InvalidRequest` for an
        `expire_time` that is past or too far ahead; `QuotaExceeded` when the feed is full; and `Unavailable`.
        """
        return await self._commits.submit(self._command(request), SendResult)

    def room_for_batch(self, owner: Owner, count: int) -> AbstractContextManager[None]:
        """Hold places for a batch until the end of `with`, before it is decoded.

        Raises `Unavailable` when too much waits to be committed, or the server is stopping.
        """
        return self._commits.reserved(owner, count)

    async def send_batch(
        self, owner: Owner, requests: Sequence[SendRequest]
    ) -> Sequence[SendResult | UnisonoError]:
        """Create many notifications for one caller, within `room_for_batch`.

        Returns for each, in order, its result or the error that `send` raises. Raises `Unavailable` when
        the server began to stop meanwhile; nothing was sent then.
        """
        commands = await self._turns.map(owner, self._command, requests)
        return await self._commits.submit_reserved(commands, SendResult)

    async def get(self, actor: Actor, ref: Ref) -> Notification:
        """Return a live notification with its payload. Raises `NotFound` and `Unavailable`."""
        ids, keys = ((ref.id,), ()) if ref.id else ((), (ref.key,))
        row = preferred(await self._store.find(actor.feed, ids=ids, keys=keys), actor.role)
        if row is None or not row.live:
            raise not_found()
        return row

    async def history(self, actor: Actor, where: ListFilter, *, before: int | None, limit: int) -> ListResult:
        """Return a page of live notifications, newest first: those with a `create_revision` below `before`.

        `before` None begins at the newest. At most `limit`, and `Limits.page_bytes` of payload; for an
        endpoint, only what is meant for it. A page may be short or empty and not the last (proto field
        ListNotificationsRequest.page_size). Raises `NotFound` and `FailedPrecondition` for an endpoint that
        is not registered or was deleted, and `Unavailable`.
        """
        endpoint = None
        if actor.endpoint_id:
            endpoint = await self._endpoints.get(actor.feed, actor.endpoint_id)
            where = replace(where, audience=endpoint.audience)
        page = await self._store.history(
            actor.feed, where, before=before, limit=limit, max_bytes=self._limits.page_bytes
        )
        if before is None and endpoint is not None and page.standing is not None:
            return ListResult(page=page, resume_token=self._token(endpoint, page.standing))
        return ListResult(page=page)

    async def changes(
        self, actor: Actor, after: int, cursor: ChangesCursor | None, *, limit: int
    ) -> ChangesResult:
        """Return a page of what changed after a revision, with what was removed, in the order of revisions.

        After the revision 0, all that is live. `cursor` None begins; limits are those of `history`. Raises
        `FailedPrecondition` (REVISION_OUT_OF_RANGE) where the list would lack removals, or is of another
        feed; `NotFound` and `FailedPrecondition` for the endpoint; and `Unavailable`.
        """
        audience: Audience | None = None
        if actor.endpoint_id:
            audience = (await self._endpoints.get(actor.feed, actor.endpoint_id)).audience
        passed, base = bounds(after, cursor)
        page = await self._store.list_changes(
            actor.feed,
            after=passed,
            base=base,
            audience=audience,
            limit=limit,
            max_bytes=self._limits.page_bytes,
        )
        return checked(page, self._store.epoch, after, cursor)

    async def update(self, command: Update) -> Notification:
        """Change the content of a live notification, and return it as it is then, with its payload.

        Raises `NotFound`, `PermissionDenied` (NOT_CREATOR), `Aborted` (REVISION_MISMATCH), `InvalidRequest`
        for the `expire_time`, `QuotaExceeded` when the feed is full, and `Unavailable`.
        """
        return (await self._commits.submit(command, UpdateResult)).notification

    async def delete(self, command: Delete) -> DeleteResult:
        """Withdraw a notification from every device. Deleting what is gone already changes nothing.

        Raises `NotFound` where the feed has neither it nor its tombstone, `Aborted` (REVISION_MISMATCH),
        and `Unavailable`.
        """
        return await self._commits.submit(command, DeleteResult)

    def _room(self, request: SendRequest) -> Room | None:
        limits = self._limits
        if limits.full_feed == FullFeed.REFUSE:
            return None
        return Room(
            size=size_of(request.content.payload, request.target),
            max_live=limits.live_notifications_per_feed,
            max_bytes=limits.feed_bytes,
            now=self._clock.now(),
        )

    def _command(self, request: SendRequest) -> Send:
        return Send(
            actor=request.actor,
            new_id=self._ids.notification_id(self._clock.now()),
            key=request.key,
            content=request.content,
            target=request.target,
            replace=request.replace,
            fingerprint=fingerprint(request.content, request.target, silent=request.silent),
            silent=request.silent,
            room=self._room(request),
        )

    def _token(self, endpoint: Endpoint, standing: Standing) -> bytes:
        seal = Seal.of(
            endpoint.feed, endpoint.endpoint_id, self._store.epoch, standing.epoch, endpoint.registrations
        )
        return seal.token(Position.complete_at(standing.revision))
