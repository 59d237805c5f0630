"""NotificationService."""

from collections.abc import Mapping, Sequence
from typing import Any

from unisono.server.api.convert import encoding, messages, paging, requests, send_results
from unisono.server.api.convert.batch import Batch
from unisono.server.api.convert.violations import Violations
from unisono.server.api.pipeline import PUBLISHER, Unary, UnaryBytes
from unisono.server.api.request_context import RequestContext
from unisono.server.api.status import item_error
from unisono.server.core.access.principal import Scope
from unisono.server.core.decide.results import SendResult
from unisono.server.core.marking import Marking
from unisono.server.core.notifications import Notifications, SendRequest
from unisono.server.core.turns import Turns
from unisono.server.errors import UnisonoError
from unisono.server.store.reads import EncodedRow
from unisono.v1 import notification_service_pb2 as pb


class NotificationService:
    """Its methods, by name."""

    name = "unisono.v1.NotificationService"

    def __init__(self, notifications: Notifications, marking: Marking, turns: Turns) -> None:
        self._notifications = notifications
        self._marking = marking
        self._turns = turns

    @property
    def methods(self) -> Mapping[str, Unary[Any] | UnaryBytes]:
        """The handlers of the service."""
        return {
            "SendNotification": Unary(pb.SendNotificationRequest, self.send),
            "BatchSendNotifications": UnaryBytes(
                pb.BatchSendNotificationsRequest, self.send_batch, PUBLISHER
            ),
            "GetNotification": Unary(pb.GetNotificationRequest, self.get),
            "ListNotifications": Unary(pb.ListNotificationsRequest, self.history),
            "UpdateNotification": Unary(pb.UpdateNotificationRequest, self.update),
            "MarkNotifications": Unary(pb.MarkNotificationsRequest, self.mark),
            "DeleteNotification": Unary(pb.DeleteNotificationRequest, self.delete),
        }

    async def send(self, request_context: RequestContext, request: pb.SendNotificationRequest) -> bytes:
        """SendNotification."""
        request_context.principal.require(Scope.SEND)
        return send_results.send_result(
            await self._notifications.send(requests.send_request(request_context, request))
        )

    async def send_batch(self, request_context: RequestContext, body: bytes) -> bytes:
        """BatchSendNotifications: the good items are sent, whatever is wrong with the others."""
        batch = Batch(request_context, body)
        with self._notifications.room_for_batch(request_context.owner, len(batch.items)):
            requests = await self._turns.map(request_context.owner, batch.request, batch.items)
            good = [request for request in requests if isinstance(request, SendRequest)]
            sent = iter(await self._notifications.send_batch(request_context.owner, good))
        outcomes = (next(sent) if isinstance(request, SendRequest) else request for request in requests)
        return b"".join(await self._turns.map(request_context.owner, _batch_result, outcomes))

    async def get(
        self, request_context: RequestContext, request: pb.GetNotificationRequest
    ) -> pb.GetNotificationResponse:
        """GetNotification."""
        violations = Violations()
        actor = request_context.reading_actor(violations, request.user_id)
        ref = requests.ref(violations, "notification", request.notification, request_context.limits.id_bytes)
        violations.check()
        row = await self._notifications.get(actor, ref)
        return pb.GetNotificationResponse(notification=messages.notification(row))

    async def history(self, request_context: RequestContext, request: pb.ListNotificationsRequest) -> bytes:
        """ListNotifications."""
        wanted = paging.page_request(request_context, request)
        history = await self._notifications.history(
            wanted.actor, wanted.where, before=wanted.before, limit=wanted.limit
        )
        rows = history.page.rows
        shown = _fitting(rows, request_context.limits.page_bytes)
        cut = len(shown) < len(rows)
        before = rows[len(shown) - 1].create_revision if cut else history.page.resume_before
        end = pb.ListNotificationsResponse(
            next_page_token="" if before is None else wanted.token(before),
            resume_token=history.resume_token,
        )
        return b"".join((*shown, end.SerializeToString()))

    async def update(
        self, request_context: RequestContext, request: pb.UpdateNotificationRequest
    ) -> pb.UpdateNotificationResponse:
        """UpdateNotification."""
        row = await self._notifications.update(requests.update(request_context, request))
        return pb.UpdateNotificationResponse(notification=messages.notification(row))

    async def mark(
        self, request_context: RequestContext, request: pb.MarkNotificationsRequest
    ) -> pb.MarkNotificationsResponse:
        """MarkNotifications."""
        marked = await self._marking.mark(requests.mark_request(request_context, request))
        return pb.MarkNotificationsResponse(
            changed=marked.changed,
            skipped=marked.skipped,
            last_revision=marked.last_revision,
            unread_count=marked.unread_count,
            not_found=[messages.ref(ref) for ref in marked.not_found],
        )

    async def delete(
        self, request_context: RequestContext, request: pb.DeleteNotificationRequest
    ) -> pb.DeleteNotificationResponse:
        """DeleteNotification."""
        removed = await self._notifications.delete(requests.delete(request_context, request))
        return pb.DeleteNotificationResponse(
            revision=removed.revision, already_removed=removed.already_removed
        )


def _batch_result(outcome: SendResult | UnisonoError) -> bytes:
    if isinstance(outcome, UnisonoError):
        refused = pb.BatchSendResult(error=item_error(outcome)).SerializeToString()
        return send_results.batch_result(refused)
    return send_results.batch_result(send_results.send_result(outcome))


def _fitting(rows: Sequence[EncodedRow], limit: int) -> list[bytes]:
    """As many rows, at least one if there is any, as fit into `limit` bytes with all that they carry."""
    shown: list[bytes] = []
    size = 0
    for row in rows:
        encoded = encoding.list_field(row.encoded, row.payload)
        size += len(encoded)
        if size > limit and shown:
            break
        shown.append(encoded)
    return shown
