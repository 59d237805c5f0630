"""The use cases of NotificationService but marking: sending, reading, patching, withdrawing."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from unisono.server.clock import Clock, Ids
from unisono.server.core.decide.commands import (
    Actor,
    Content,
    Delete,
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
from unisono.server.model import Limits, Notification, TargetPolicy
from unisono.server.model.value import value
from unisono.server.store.base import Store
from unisono.server.store.reads import HistoryPage, ListFilter, Standing


@value(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """One notification to create, and for whom."""

    actor: Actor
    key: str
    content: Content
    target: TargetPolicy
    replace: bool


@value(frozen=True, slots=True, kw_only=True)
class ListResult:
    """A page of the history; `resume_token` on the first page for an endpoint."""

    page: HistoryPage
    resume_token: bytes = b""


class Notifications:
    """Everything but marking."""

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
        """Create one notification; it is on the disk when this returns."""
        return await self._commits.submit(self._command(request), SendResult)

    def room_for_batch(self, owner: Owner, count: int) -> AbstractContextManager[None]:
        """Places for a batch, taken before it is read. Raises Unavailable when too much waits."""
        return self._commits.reserved(owner, count)

    async def send_batch(
        self, owner: Owner, requests: Sequence[SendRequest]
    ) -> Sequence[SendResult | UnisonoError]:
        """Create many for this caller, within `room_for_batch`; an outcome for each, in order."""
        commands = await self._turns.map(owner, self._command, requests)
        return await self._commits.submit_reserved(commands, SendResult)

    async def get(self, actor: Actor, ref: Ref) -> Notification:
        """A live notification with its payload; raises NotFound."""
        ids, keys = ((ref.id,), ()) if ref.id else ((), (ref.key,))
        row = preferred(await self._store.find(actor.feed, ids=ids, keys=keys), actor.role)
        if row is None or not row.live:
            raise not_found()
        return row

    async def history(self, actor: Actor, where: ListFilter, *, before: int | None, limit: int) -> ListResult:
        """A page of live notifications, newest first; of what an endpoint may see, if one is named."""
        if actor.endpoint_id:
            endpoint = await self._endpoints.get(actor.feed, actor.endpoint_id)
            where = replace(where, audience=endpoint.audience)
        page = await self._store.history(
            actor.feed, where, before=before, limit=limit, max_bytes=self._limits.page_bytes
        )
        if before is None and actor.endpoint_id and page.standing is not None:
            return ListResult(page=page, resume_token=self._token(actor, page.standing))
        return ListResult(page=page)

    async def update(self, command: Update) -> Notification:
        """Patch content; returns the notification after it."""
        return (await self._commits.submit(command, UpdateResult)).notification

    async def delete(self, command: Delete) -> DeleteResult:
        """Withdraw it from every device."""
        return await self._commits.submit(command, DeleteResult)

    def _command(self, request: SendRequest) -> Send:
        return Send(
            actor=request.actor,
            new_id=self._ids.notification_id(self._clock.now()),
            key=request.key,
            content=request.content,
            target=request.target,
            replace=request.replace,
            fingerprint=fingerprint(request.content, request.target),
        )

    def _token(self, actor: Actor, standing: Standing) -> bytes:
        seal = Seal.of(actor.feed, actor.endpoint_id, self._store.epoch, standing.epoch)
        return seal.token(Position.complete_at(standing.revision))
