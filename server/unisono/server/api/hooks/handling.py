"""Handles what comes by hooks as calls of the app whose hook it is, for its one user: `HookHandler`.

A request shows its secret first, or, where that signs the body, as soon as the body is there: only then is it
known who calls. Knows nothing of HTTP.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from unisono.server.api import auth
from unisono.server.api.audit import Effect
from unisono.server.api.call import Call, Rpc
from unisono.server.api.error_boundary import ErrorBoundary
from unisono.server.api.hooks import proof
from unisono.server.api.hooks.document import MOST_BYTES, Document, document
from unisono.server.api.hooks.event import Ignored, News, Settled, Told
from unisono.server.api.hooks.fitting import mark_read_request, send_request
from unisono.server.api.hooks.sources import alerts, github, plain
from unisono.server.api.pipeline import Pipeline, Unary
from unisono.server.api.receiving import Receiver
from unisono.server.api.request_context import RequestContext
from unisono.server.api.services.notifications import NotificationService
from unisono.server.core.access.hooks import UNKNOWN, Hook, HookBook, HookSource
from unisono.server.core.admission import CallKind
from unisono.server.core.turns import Turns
from unisono.server.errors import NotFound
from unisono.v1 import notification_service_pb2 as pb

LONGEST_WAIT: Final = 20.0
"""Seconds within which a body has to arrive, as it is held before it is known who sends it."""

Read: TypeAlias = Callable[[Mapping[str, str], Document], Told]


class HookHandler:
    """Handles requests of hooks. Each is answered once what it does is on the disk (Durable)."""

    def __init__(
        self,
        book: HookBook,
        pipeline: Pipeline,
        notifications: NotificationService,
        turns: Turns,
        *,
        request_timeout: float,
    ) -> None:
        self._book = book
        self._pipeline = pipeline
        self._notifications = notifications
        self._turns = turns
        self._receiver = Receiver(min(request_timeout, LONGEST_WAIT))
        self._marks: dict[HookSource, Unary[pb.MarkNotificationsRequest]] = {
            source: pipeline.audited(
                _name(source),
                Unary(pb.MarkNotificationsRequest, notifications.mark_notifications, effect=Effect.WRITE),
            )
            for source in HookSource
        }

    def rpc(self, hook_id: str) -> Rpc:
        """Return the handler of a request to the address of a hook, whether or not there is one."""

        async def handle(call: Call) -> bytes | None:
            hook = self._book.get(hook_id)
            metrics = self._pipeline.metrics.method(_name(hook.source if hook else "unknown"))
            metadata = auth.CallMetadata.of(call.metadata)
            async with (boundary := self._pipeline.error_boundary(call, metrics, metadata)):
                headers = {name: text for name, text in call.metadata if isinstance(text, str)}
                body = await self._proven(call, boundary, hook or UNKNOWN)
                return await self._handle(call, boundary, metadata, hook or UNKNOWN, headers, body)
            return None

        return Rpc(handle)

    async def _proven(self, call: Call, boundary: ErrorBoundary, hook: Hook) -> bytes | None:
        """Find out whether a request shows the secret of the hook; return its body where that was signed.

        Raises Unauthenticated, and what receiving raises. A request to a hook that does not exist is
        received, checked and refused as one with a wrong secret is.
        """
        admission = self._pipeline.admission
        with admission.proving(call.peer()):
            shown = proof.proof_of(call.metadata)
            if isinstance(shown, proof.Bearer):
                proof.check_bearer(hook, shown)
                return None
            with admission.hearing(call.peer()):
                body = await self._receiver.receive(call, boundary, MOST_BYTES)
            proof.check_signature(hook, shown, body, self._pipeline.clock.now() / 1000)
            return body

    async def _handle(
        self,
        call: Call,
        boundary: ErrorBoundary,
        metadata: auth.CallMetadata,
        hook: Hook,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> bytes:
        self._pipeline.welcome(call, boundary, hook.principal, CallKind.HOOK)
        with self._pipeline.admission.count_in_flight(hook.principal):
            if body is None:
                body = await self._receiver.receive(call, boundary, MOST_BYTES)
            context = self._pipeline.context(call, boundary, metadata, hook.principal)
            read = plain.reader(hook.fields) if hook.source is HookSource.JSON else _READERS[hook.source]
            (told,) = await self._turns.map(context.owner, lambda one: read(headers, document(one)), (body,))
            return _encoded(await self._do(context, hook, told))

    async def _do(self, context: RequestContext, hook: Hook, told: Told) -> Mapping[str, str]:
        """Do what a sender told, and return what is answered."""
        match told:
            case Ignored():
                return {"result": "ignored", "message": told.why}
            case Settled():
                return {"result": await self._settle(context, hook, told)}
            case News():
                send = send_request(hook.user_id, told, context.limits)
                answer = await self._notifications.send_notification(context, send)
                sent = pb.SendNotificationResponse.FromString(answer).result
                return {"result": "repeated" if sent.deduplicated else "sent", "id": sent.id}

    async def _settle(self, context: RequestContext, hook: Hook, told: Settled) -> str:
        """Mark as read what there is: what was withdrawn, or never sent, is nobody's error.

        What it says from then on comes after a look whether it is there, and makes it unread for a moment.
        """
        mark = mark_read_request(hook.user_id, told.key, context.limits)
        do_mark = self._marks[hook.source].handle
        try:
            await do_mark(context, mark)
            if told.news is not None:
                send = send_request(hook.user_id, told.news, context.limits)
                await self._notifications.send_notification(context, send)
                await do_mark(context, mark)
        except NotFound:
            return "gone"
        return "read"


_READERS: Final[Mapping[HookSource, Read]] = {
    HookSource.GITHUB: github.read,
    HookSource.GRAFANA: alerts.read,
    HookSource.ALERTMANAGER: alerts.read,
}


def _name(source: str) -> str:
    """Return what requests of a source are called in metrics and logs, as methods are."""
    return f"hooks/{source}"


def _encoded(answer: Mapping[str, str]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()
