"""The RPCs of `NotificationService`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from unisono.server.api.audit import Effect
from unisono.server.api.convert import changes_paging, encoding, messages, paging, requests, send_results
from unisono.server.api.convert.batch import Batch
from unisono.server.api.convert.violations import Violations
from unisono.server.api.pipeline import PUBLISHER, Unary, UnaryBytes
from unisono.server.api.request_context import RequestContext
from unisono.server.api.status import item_error
from unisono.server.core.access.principal import Scope
from unisono.server.core.decide.results import SendResult
from unisono.server.core.deleting import Deleting
from unisono.server.core.marking import Marking
from unisono.server.core.notifications import Notifications, SendRequest
from unisono.server.core.turns import Turns
from unisono.server.errors import Reason, UnisonoError
from unisono.server.store.reads import EncodedRow
from unisono.v1 import notification_service_pb2 as pb


class NotificationService:
    """Handles the RPCs of `NotificationService` (proto/unisono/v1/notification_service.proto).

    Each method raises InvalidRequest with all bad fields of its request, PermissionDenied when a device names
    another user, and Unavailable when the store cannot be used or too much waits to be committed. When a call
    is cancelled, what is being committed goes on, and what still waits is dropped.
    """

    name = "unisono.v1.NotificationService"

    def __init__(
        self, notifications: Notifications, marking: Marking, deleting: Deleting, turns: Turns
    ) -> None:
        self._notifications = notifications
        self._marking = marking
        self._deleting = deleting
        self._turns = turns
        #: The items of batches that were refused, in calls that were not.
        self.refused_items: Final[Counter[Reason]] = Counter(dict.fromkeys(Reason, 0))

    @property
    def methods(self) -> Mapping[str, Unary[Any] | UnaryBytes]:
        """The methods of the service by RPC name."""
        return {
            "SendNotification": Unary(pb.SendNotificationRequest, self.send_notification),
            "BatchSendNotifications": UnaryBytes(
                pb.BatchSendNotificationsRequest, self.batch_send_notifications, PUBLISHER
            ),
            "GetNotification": Unary(pb.GetNotificationRequest, self.get_notification, effect=Effect.READ),
            "ListNotifications": Unary(
                pb.ListNotificationsRequest, self.list_notifications, effect=Effect.READ
            ),
            "UpdateNotification": Unary(
                pb.UpdateNotificationRequest, self.update_notification, effect=Effect.WRITE
            ),
            "MarkNotifications": Unary(
                pb.MarkNotificationsRequest, self.mark_notifications, effect=Effect.WRITE
            ),
            "DeleteNotification": Unary(
                pb.DeleteNotificationRequest, self.delete_notification, effect=Effect.WRITE
            ),
            "DeleteNotifications": Unary(
                pb.DeleteNotificationsRequest, self.delete_notifications, effect=Effect.WRITE
            ),
        }

    async def send_notification(
        self, request_context: RequestContext, request: pb.SendNotificationRequest
    ) -> bytes:
        """SendNotification: creates one notification, and answers what was stored, once it is Durable.

        Returns an encoded `SendNotificationResponse`. Raises PermissionDenied for a device without the scope
        `notifications.send`, AlreadyExists for a key with other content (Idempotent), and QuotaExceeded.
        """
        request_context.principal.require(Scope.SEND)
        return send_results.send_result(
            await self._notifications.send(requests.send_request(request_context, request))
        )

    async def batch_send_notifications(self, request_context: RequestContext, body: bytes) -> bytes:
        """BatchSendNotifications: creates many notifications, and answers an outcome for each, in order.

        Returns an encoded `BatchSendNotificationsResponse`. One bad item harms no other. Raises
        InvalidRequest unless there are 1 to `batch_items` items, RequestMalformed, and Unavailable when too
        much waits to be committed: then nothing was sent.
        """
        batch = Batch(request_context, body)
        with self._notifications.room_for_batch(request_context.owner, len(batch.items)):
            requests = await self._turns.map(request_context.owner, batch.request, batch.items)
            good = [request for request in requests if isinstance(request, SendRequest)]
            sent = iter(await self._notifications.send_batch(request_context.owner, good))
        outcomes = (next(sent) if isinstance(request, SendRequest) else request for request in requests)
        return b"".join(await self._turns.map(request_context.owner, self._batch_result, outcomes))

    def _batch_result(self, outcome: SendResult | UnisonoError) -> bytes:
        if isinstance(outcome, UnisonoError):
            self.refused_items[outcome.reason] += 1
            refused = pb.BatchSendResult(error=item_error(outcome)).SerializeToString()
            return send_results.batch_result(refused)
        return send_results.batch_result(send_results.send_result(outcome))

    async def get_notification(
        self, request_context: RequestContext, request: pb.GetNotificationRequest
    ) -> pb.GetNotificationResponse:
        """GetNotification: answers one live notification with its payload.

        Raises NotFound when there is none in the feed.
        """
        violations = Violations()
        actor = request_context.reading_actor(violations, request.user_id)
        ref = requests.parse_ref(
            violations, "notification", request.notification, request_context.limits.id_bytes
        )
        violations.check()
        row = await self._notifications.get(actor, ref)
        return pb.GetNotificationResponse(notification=messages.notification(row))

    async def list_notifications(
        self, request_context: RequestContext, request: pb.ListNotificationsRequest
    ) -> bytes:
        """ListNotifications: answers a page of the history, newest first, and the token of the next page.

        Returns an encoded `ListNotificationsResponse` with at most `page_bytes` of notifications, unless the
        first alone is larger. A page with a token is followed by others, even where it is empty. With an
        endpoint, raises NotFound when it is not registered, and FailedPrecondition when it was deleted; with
        `changed_after`, also when what changed since is not known any more.
        """
        if request.HasField("changed_after"):
            return await self._list_changes(request_context, request)
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

    async def _list_changes(
        self, request_context: RequestContext, request: pb.ListNotificationsRequest
    ) -> bytes:
        """Answer a page of what changed, which ends as one of the history does."""
        wanted = changes_paging.changes_request(request_context, request)
        changes = await self._notifications.changes(
            wanted.actor, wanted.after, wanted.cursor, limit=wanted.limit
        )
        shown = _fitting(changes.rows, request_context.limits.page_bytes)
        cut = len(shown) < len(changes.rows)
        passed = changes.rows[len(shown) - 1].revision if cut else changes.resume_after
        end = pb.ListNotificationsResponse(
            next_page_token="" if passed is None else wanted.token(changes.cursor(passed)),
            last_revision=changes.feed_revision if passed is None else passed,
        )
        return b"".join((*shown, end.SerializeToString()))

    async def update_notification(
        self, request_context: RequestContext, request: pb.UpdateNotificationRequest
    ) -> pb.UpdateNotificationResponse:
        """UpdateNotification: patches the content of one notification, and answers the notification after it.

        Raises NotFound, PermissionDenied when the other role created it, Aborted when it has another revision
        than expected, and QuotaExceeded.
        """
        row = await self._notifications.update(requests.update_command(request_context, request))
        return pb.UpdateNotificationResponse(notification=messages.notification(row))

    async def mark_notifications(
        self, request_context: RequestContext, request: pb.MarkNotificationsRequest
    ) -> pb.MarkNotificationsResponse:
        """MarkNotifications: patches the state of one, several or all, and answers how many changed.

        Raises NotFound when none of the references is in the feed or the endpoint is not registered,
        FailedPrecondition when that was deleted, and Aborted at another revision than expected. After an
        error, some may have changed; repeating the call does the rest.
        """
        marked = await self._marking.mark(requests.mark_request(request_context, request))
        return pb.MarkNotificationsResponse(
            changed=marked.changed,
            skipped=marked.skipped,
            last_revision=marked.last_revision,
            unread_count=marked.unread_count,
            not_found=[messages.ref(ref) for ref in marked.not_found],
        )

    async def delete_notification(
        self, request_context: RequestContext, request: pb.DeleteNotificationRequest
    ) -> pb.DeleteNotificationResponse:
        """DeleteNotification: withdraws one notification, and answers whether it was gone already.

        Raises NotFound when no such notification is known, and Aborted when it has another revision than
        expected.
        """
        removed = await self._notifications.delete(requests.delete_command(request_context, request))
        return pb.DeleteNotificationResponse(
            revision=removed.revision, already_removed=removed.already_removed
        )

    async def delete_notifications(
        self, request_context: RequestContext, request: pb.DeleteNotificationsRequest
    ) -> pb.DeleteNotificationsResponse:
        """DeleteNotifications: withdraws several or all, or those in a given state, and answers how many.

        Raises NotFound when none of the references is known or the endpoint is not registered, and
        FailedPrecondition when that was deleted. After an error, some may be removed; repeating the call
        does the rest.
        """
        deleted = await self._deleting.delete_many(requests.delete_many_request(request_context, request))
        return pb.DeleteNotificationsResponse(
            removed=deleted.removed,
            already_removed=deleted.already_removed,
            skipped=deleted.skipped,
            last_revision=deleted.last_revision,
            unread_count=deleted.unread_count,
            not_found=[messages.ref(ref) for ref in deleted.not_found],
        )


def _fitting(rows: Sequence[EncodedRow], limit: int) -> list[bytes]:
    """Encode as many rows as fit into `limit` bytes, but at least one if there is any."""
    shown: list[bytes] = []
    size = 0
    for row in rows:
        encoded = _listed(row)
        size += len(encoded)
        if size > limit and shown:
            break
        shown.append(encoded)
    return shown


def _listed(row: EncodedRow) -> bytes:
    if row.removal is None:
        return encoding.list_field(row.encoded, row.payload)
    return encoding.removed_field(row.encoded, row.removal)
