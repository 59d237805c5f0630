"""Submits commands to a core, and records them as the calls of the API that they come from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from tests.guarantees.stateful.core_parts import Core, shown
from unisono.server.api.convert import messages, send_results
from unisono.server.api.status import code_of
from unisono.server.core.decide.commands import (
    Command,
    Delete,
    DeleteMany,
    Mark,
    ProcessDue,
    Selecting,
    Send,
    Update,
)
from unisono.server.core.decide.results import (
    DeleteResult,
    DeleteStep,
    MarkStep,
    Result,
    SendResult,
    UpdateResult,
)
from unisono.server.errors import UnisonoError
from unisono.server.model import Feed, FeedKey
from unisono.server.store.reads import ListFilter
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import OK, Call, History, Principal

PLENTY = 10**9

#: The commands that come from a call.
Called = Send | Update | Mark | Delete | DeleteMany


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreCalls:
    """Commits commands, and records what a caller would have been answered; `time` is the history's clock."""

    history: History
    time: Callable[[], float]
    #: The ids of all notifications sent.
    sent: set[str] = field(default_factory=set)

    async def commit(self, core: Core, command: Command) -> None:
        """Commit one command, and record it, also when it is refused."""
        began, code, reason, answer = self.time(), OK, "", None
        try:
            result = await core.commits.committer.submit(command)
            answer = answered(result)
            if isinstance(result, SendResult):
                self.sent.add(result.notification.id)
        except UnisonoError as error:
            code, reason = code_of(error).name, str(error.reason)
        if not isinstance(command, ProcessDue):
            self._note(command.actor.feed, asked(command), began, answer, code, reason)

    async def last(self, core: Core, key: FeedKey) -> int:
        """Return the last revision of a feed, and record it as the answer of GetFeed."""
        began = self.time()
        feed = await core.store.feed(key) or Feed(key=key, epoch=b"")
        answer = feed_pb.GetFeedResponse(last_revision=feed.revision, unread_count=feed.unread_count())
        self._note(key, feed_pb.GetFeedRequest(user_id=key.user_id), began, answer)
        return feed.revision

    async def look(self, core: Core, key: FeedKey) -> None:
        """Record all that is live in a feed as the answer of a list."""
        began = self.time()
        page = await core.store.history(key, ListFilter(), before=None, limit=PLENTY, max_bytes=PLENTY)
        answer = pb.ListNotificationsResponse(notifications=shown(page))
        self._note(key, pb.ListNotificationsRequest(user_id=key.user_id), began, answer)

    def _note(
        self,
        key: FeedKey,
        request: Message,
        began: float,
        answer: Message | None,
        code: str = OK,
        reason: str = "",
    ) -> None:
        """Record a call, whose method its request is named after."""
        call = Call(
            principal=Principal(app_id=key.app_id, user_id=key.user_id),
            method=type(request).__name__.removesuffix("Request"),
            request=request,
            began=began,
            ended=self.time(),
            code=code,
            reason=reason,
            answer=answer,
        )
        self.history.calls.append(call)


def asked(command: Called) -> Message:
    """Return the request of a command, with the fields that the judge needs."""
    user_id = command.actor.feed.user_id
    match command:
        case Send():
            return _send(command, user_id)
        case Update():
            content = pb.NotificationContent(group_name=command.content.group_name)
            ref = messages.ref(command.ref)
            return pb.UpdateNotificationRequest(user_id=user_id, notification=ref, content=content)
        case Mark():
            return _mark(command, user_id)
        case Delete():
            ref = messages.ref(command.ref)
            return pb.DeleteNotificationRequest(user_id=user_id, notification=ref)
        case DeleteMany():
            return _delete_many(command, user_id)


def answered(result: Result) -> Message | None:
    """Return the response to a result; None for one that is not answered."""
    match result:
        case SendResult():
            return pb.SendNotificationResponse.FromString(send_results.send_result(result))
        case UpdateResult():
            row = messages.notification(result.notification)
            return pb.UpdateNotificationResponse(notification=row)
        case MarkStep():
            return pb.MarkNotificationsResponse(
                changed=result.changed,
                skipped=result.skipped,
                last_revision=result.feed.revision,
                unread_count=result.feed.unread_count(),
                not_found=[messages.ref(ref) for ref in result.not_found],
            )
        case DeleteResult():
            return pb.DeleteNotificationResponse(
                revision=result.revision, already_removed=result.already_removed
            )
        case DeleteStep():
            return pb.DeleteNotificationsResponse(
                removed=result.removed,
                already_removed=result.already_removed,
                skipped=result.skipped,
                last_revision=result.feed.revision,
                unread_count=result.feed.unread_count(),
                not_found=[messages.ref(ref) for ref in result.not_found],
            )
        case _:
            return None


def _send(command: Send, user_id: str) -> pb.SendNotificationRequest:
    content, target = command.content, command.target
    policy = pb.CONFLICT_POLICY_REPLACE if command.replace else pb.CONFLICT_POLICY_UNSPECIFIED
    lifetime, expire_time = content.display_time_to_live, content.expire_time
    return pb.SendNotificationRequest(
        user_id=user_id,
        app_notification_id=command.key,
        on_conflict=policy,
        group_name=content.group_name,
        category=content.category,
        payload=notification_pb2.Payload.FromString(content.payload),
        priority=notification_pb2.Priority.ValueType(content.priority),
        target_policy=notification_pb2.TargetPolicy(
            platforms=[notification_pb2.DevicePlatform.ValueType(platform) for platform in target.platforms],
            endpoint_ids=target.endpoint_ids,
        ),
        display_time_to_live=None if lifetime is None else messages.duration(lifetime),
        expire_time=None if expire_time is None else messages.timestamp(expire_time),
        silent=command.silent,
    )


def _mark(command: Mark, user_id: str) -> pb.MarkNotificationsRequest:
    patch = command.patch
    return pb.MarkNotificationsRequest(
        user_id=user_id,
        **_selector(command),
        read_state=notification_pb2.ReadState.ValueType(patch.read_state or 0),
        user_action_state=notification_pb2.UserActionState.ValueType(patch.user_action_state or 0),
        snooze_until=None if patch.snooze_until is None else messages.timestamp(patch.snooze_until),
        up_to_revision=command.up_to_revision,
        expected_revision=command.expected_revision,
    )


def _delete_many(command: DeleteMany, user_id: str) -> pb.DeleteNotificationsRequest:
    where = command.where
    return pb.DeleteNotificationsRequest(
        user_id=user_id,
        **_selector(command),
        read_state=notification_pb2.ReadState.ValueType(where.read_state or 0),
        user_action_state=notification_pb2.UserActionState.ValueType(where.user_action_state or 0),
        up_to_revision=command.up_to_revision,
    )


def _selector(command: Selecting) -> dict[str, Any]:
    """Return the selector of a request; one of all for an audience comes from its endpoint."""
    scan = command.scan
    if scan is None:
        return {"references": pb.NotificationRefs(refs=[messages.ref(ref) for ref in command.refs])}
    if scan.group_name is not None:
        return {"group_name": scan.group_name}
    endpoint_id = scan.audience.endpoint_id if scan.audience else ""
    return {"endpoint_id": endpoint_id, "all": pb.AllNotifications()}
