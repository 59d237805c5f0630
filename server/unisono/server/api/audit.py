"""Decides what is recorded for an audit: what publishers do to users, what admins ask, and who is refused.

A record never has a token, a content or a key of an app's own. Does not depend on where records go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar
from urllib.parse import unquote

from google.protobuf.message import Message

from unisono.server import errors
from unisono.server.api.request_context import RequestContext
from unisono.server.api.sampling import CountingSampler
from unisono.server.api.text import cut
from unisono.server.clock import Clock
from unisono.server.core.access.principal import Role
from unisono.server.errors import Reason

MessageT = TypeVar("MessageT", bound=Message)

Record: TypeAlias = Mapping[str, str | int]
"""The fields of one record. Those that are empty are left out."""

Handle: TypeAlias = Callable[[RequestContext, MessageT], Awaitable[Message | bytes]]


class Effect(StrEnum):
    """What a call does with what belongs to a user: a publisher's changes or reads that, an admin's looks."""

    WRITE = "write"
    READ = "read"
    ADMIN = "admin"


_ROLE_OF_EFFECT: Final = {
    Effect.WRITE: Role.PUBLISHER,
    Effect.READ: Role.PUBLISHER,
    Effect.ADMIN: Role.ADMIN,
}


#: Refusals of who calls, not of what a request says.
ACCESS_REASONS: Final = frozenset(
    (
        *(Reason.TOKEN_MISSING, Reason.TOKEN_INVALID, Reason.TOKEN_EXPIRED, Reason.APP_UNKNOWN),
        *(Reason.SCOPE_MISSING, Reason.ROLE_NOT_ALLOWED, Reason.USER_MISMATCH, Reason.ORIGIN_NOT_ALLOWED),
    )
)

#: Characters of a text that may come from a caller.
_LONGEST: Final = 300


class Audit:
    """Records through `append`; reads of publishers, too, where `reads` is set.

    Writes, reads and calls of admins are recorded each. Of refusals it is at most `sampling.MAX_LINES` a
    second of each reason and app, and then how many were left out: strangers can cause them at any rate.
    """

    def __init__(self, append: Callable[[Record], None], clock: Clock, *, reads: bool) -> None:
        self._append = append
        self._effects = frozenset(Effect) if reads else frozenset(Effect) - {Effect.READ}
        self._sampler = CountingSampler[tuple[str, str]](clock.monotonic, self._sum_up)

    def refused(self, error: errors.UnisonoError, method: str, peer: str, request_id: str) -> None:
        """Record a refused call, if it was refused for who calls; `peer` is as gRPC has it."""
        if error.reason not in ACCESS_REASONS or not self._sampler.takes(
            (error.reason, error.about.get("app", ""))
        ):
            return
        self._append(
            {
                "event": "refusal",
                "outcome": "refused",
                "reason": error.reason,
                "message": cut(error.message, _LONGEST),
                "method": method,
                **{name: cut(text, _LONGEST) for name, text in error.about.items()},
                "peer": _address(peer),
                "request_id": request_id,
            }
        )

    def watched(self, handle: Handle[MessageT], effect: Effect, method: str) -> Handle[MessageT]:
        """Return a handler that does the same, and has what publishers, or admins, do with it recorded.

        It is recorded when the outcome is known, also of a call that was cancelled, and unless the request is
        bad or the caller is refused.
        """
        if effect not in self._effects:
            return handle
        recorded = _ROLE_OF_EFFECT[effect]

        async def watched(request_context: RequestContext, request: MessageT) -> Message | bytes:
            if request_context.role is not recorded:
                return await handle(request_context, request)
            try:
                response = await handle(request_context, request)
            except BaseException as error:
                self._acted(effect, method, request_context, request, *_failure(error))
                raise
            self._acted(effect, method, request_context, request, "ok", "", response)
            return response

        return watched

    def _acted(
        self,
        effect: Effect,
        method: str,
        request_context: RequestContext,
        request: Message,
        outcome: str,
        reason: str,
        response: Message | bytes | None = None,
    ) -> None:
        if reason in _NOTHING_DONE:
            return
        self._append(
            {
                "event": effect,
                "outcome": outcome,
                "reason": reason,
                "method": method,
                **request_context.principal.names,
                **_target(request),
                **(_extent(request, response) if isinstance(response, Message) else {}),
                "peer": _address(request_context.peer()),
                "request_id": request_context.request_id,
            }
        )

    def _sum_up(self, kind: tuple[str, str], count: int) -> None:
        reason, app_id = kind
        self._append({"event": "refusals left out", "reason": reason, "app": app_id, "count": count})


#: What is recorded as a refusal, and what was no more than a mistake in a request.
_NOTHING_DONE: Final = ACCESS_REASONS | {Reason.INVALID_REQUEST}


def _failure(error: BaseException) -> tuple[str, str]:
    """Return outcome and reason of what was raised; it is unknown where something may have been done."""
    match error:
        case errors.Unavailable():
            return "unknown", error.reason
        case errors.UnisonoError():
            return "refused", error.reason
        case asyncio.CancelledError():
            return "unknown", "CANCELLED"
        case _:
            return "unknown", Reason.INTERNAL


def _target(request: Message) -> Record:
    """Return whose it was, and of which endpoint where the request names one."""
    names = {"target_app": "app_id", "target_user": "user_id", "endpoint": "endpoint_id"}
    known = request.DESCRIPTOR.fields_by_name
    return {name: cut(getattr(request, field), _LONGEST) for name, field in names.items() if field in known}


def _extent(request: Message, response: Message) -> Record:
    """Return what an answered call was about: one by its id, what was chosen, how many, for how long."""
    asked = {field.name: value for field, value in request.ListFields()}
    extent: dict[str, str | int] = {}
    if "notification" in asked:
        extent["notification"] = asked["notification"].id
    if "bar_for" in asked:
        extent["bar_seconds"] = asked["bar_for"].seconds
    if "selector" in request.DESCRIPTOR.oneofs_by_name:
        extent["selector"] = request.WhichOneof("selector") or ""
    for field in ("changed", "removed"):
        if field in response.DESCRIPTOR.fields_by_name:
            extent["count"] = getattr(response, field)
    return extent


def _address(peer: str) -> str:
    """Return the address and port of a peer, without the family that gRPC puts before it."""
    return unquote(peer).partition(":")[2]
