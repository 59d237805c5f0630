"""The transport of the service in memory: checks token and size of calls, and hands each to its method."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

from google.protobuf.message import Message

from unisono.client._wire.methods import SUBSCRIBE, Method, Request, Response
from unisono.client.testing import (
    deleting,
    endpoints,
    errors,
    history,
    marking,
    patching,
    sending,
    server_info,
    streaming,
)
from unisono.client.testing.faults import Faults
from unisono.client.testing.request_context import RequestContext
from unisono.client.testing.state import ServiceState


@dataclass(frozen=True, slots=True)
class _Handler:
    """The function that answers a method, and the role that may call it; empty for both roles."""

    carry_out: Callable[[RequestContext, Any], Message]
    role: str = ""


_HANDLERS: Final[Mapping[str, _Handler]] = {
    "SendNotification": _Handler(sending.send_notification),
    "BatchSendNotifications": _Handler(sending.batch_send_notifications, "publisher"),
    "GetNotification": _Handler(history.get_notification),
    "ListNotifications": _Handler(history.list_notifications),
    "UpdateNotification": _Handler(patching.update_notification),
    "MarkNotifications": _Handler(marking.mark_notifications),
    "DeleteNotification": _Handler(deleting.delete_notification),
    "DeleteNotifications": _Handler(deleting.delete_notifications),
    "Acknowledge": _Handler(streaming.acknowledge, "device"),
    "GetFeed": _Handler(streaming.get_feed),
    "DeleteFeed": _Handler(streaming.delete_feed, "publisher"),
    "RegisterEndpoint": _Handler(endpoints.register_endpoint, "device"),
    "GetEndpoint": _Handler(endpoints.get_endpoint),
    "ListEndpoints": _Handler(endpoints.list_endpoints),
    "UpdateEndpoint": _Handler(endpoints.update_endpoint, "device"),
    "DeleteEndpoint": _Handler(endpoints.delete_endpoint),
    "GetServerInfo": _Handler(server_info.get_server_info),
}


class FakeTransport:
    """The `Transport` of the service in memory, for any number of publishers and devices on any event loops.

    Calls raise the planned fault, if there is one, `Unauthenticated`, `PermissionDenied` for the other
    role's methods, `TooLarge`, and what the method raises.
    """

    def __init__(self, state: ServiceState, faults: Faults) -> None:
        self._state = state
        self._faults = faults

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """See `Transport`. The answer comes at once, so that no `timeout` passes."""
        # Without a turn of the loop, a task that calls in a loop would keep all others from running.
        await asyncio.sleep(0)
        handler = _HANDLERS[method.name]
        with self._state.lock:
            self._faults.check(method.name)
            request_context = self._admitted(request, token, handler.role)
            answer = handler.carry_out(request_context, request)
            self._faults.check(method.name, applied=True)
        return cast("Response", answer)

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """See `Transport`."""
        await asyncio.sleep(0)
        with self._state.lock:
            self._faults.check(SUBSCRIBE.name)
            request_context = self._admitted(request, token, "device")
            session = streaming.subscribe(request_context, cast("Any", request))
        async with aclosing(session.messages()) as messages:
            async for message in messages:
                yield cast("Response", message)

    async def close(self) -> None:
        """Do nothing: the service stays usable for others."""

    def _admitted(self, request: Message, token: str, role: str) -> RequestContext:
        principal = self._state.principal(token)
        if role not in ("", principal.role):
            raise errors.wrong_role(principal.role, role)
        size, limit = request.ByteSize(), self._state.limits.request_bytes
        if size > limit:
            raise errors.too_large(size, limit)
        return RequestContext(self._state, principal)
