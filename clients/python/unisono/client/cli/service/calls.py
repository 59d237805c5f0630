"""The client of one command, which calls as an app, or as a device of the token's user."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from unisono.client import _convert
from unisono.client._calls import ServiceClient
from unisono.client._connection import Connection
from unisono.client._drafts import Content, draft
from unisono.client._errors import InvalidRequest, NotFound, Unauthenticated, UnisonoError
from unisono.client._model import Platform, ReadState, UserActionState
from unisono.client._refs import Ref
from unisono.client._results import DeleteManyResult, DeleteResult, MarkResult, SendResult
from unisono.client._selections import Selector, State, deleting, marking
from unisono.client._wire.caller import Deadline
from unisono.client._wire.methods import REGISTER_ENDPOINT, SEND
from unisono.client._wire.retry import Backoff
from unisono.client.cli.formatting.json_output import member_of
from unisono.client.cli.service import this_device
from unisono.client.cli.service.access import Access
from unisono.client.cli.service.errors import report_errors
from unisono.client.cli.service.tokens import token_source
from unisono.v1.endpoint_service_pb2 import RegisterEndpointRequest

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who changes something: the user, empty for the token's own, and the id of the device."""

    user: str
    endpoint: str


class _Backoff(Backoff):
    """That of calls for which somebody waits: after two tokens were refused, no third one is tried."""

    def delay_after(self, error: UnisonoError, failures: int) -> float:
        """See `Backoff`; infinite for a refused token, in whose place another was tried at once."""
        return math.inf if isinstance(error, Unauthenticated) else super().delay_after(error, failures)


class CliClient:
    """A client for the time of one command. `timeout` is of each call, in seconds.

    All calls raise `UnisonoError`, and `TokenCommandError` where the token command fails.
    """

    def __init__(self, access: Access) -> None:
        self.timeout = access.timeout
        self._connection = Connection(
            access.target, token_source(access), access.connection, backoff=_Backoff()
        )
        self._caller = self._connection.caller
        self.calls = ServiceClient(self._caller)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def send(self, actor: Actor, content: Content) -> SendResult:
        """Send a notification to the actor's user."""

        async def work(endpoint_id: str) -> SendResult:
            whole: Content = {**content, "endpoint_id": endpoint_id}
            request = draft(actor.user, **whole)
            answer = await self._caller.call(SEND, request, Deadline(self.timeout))
            return _convert.send_result(answer.result, request.app_notification_id)

        return await self._change(actor, work)

    async def mark(self, actor: Actor, selector: Selector, state: State) -> MarkResult:
        """Mark notifications of the actor's user."""

        async def work(endpoint_id: str) -> MarkResult:
            request = marking(actor.user, selector, state, endpoint_id=endpoint_id)
            return await self.calls.mark_notifications(request, self.timeout)

        return await self._change(actor, work)

    async def delete(self, actor: Actor, named: Ref) -> DeleteResult:
        """Delete a notification of the actor's user."""

        async def work(endpoint_id: str) -> DeleteResult:
            return await self.calls.delete_notification(
                actor.user, named, expected_revision=None, timeout=self.timeout, endpoint_id=endpoint_id
            )

        return await self._change(actor, work)

    async def delete_many(
        self,
        actor: Actor,
        selector: Selector,
        *,
        read_state: ReadState,
        user_action_state: UserActionState,
        up_to_revision: int | None,
    ) -> DeleteManyResult:
        """Delete notifications of the actor's user: of what is selected, what is in this state."""

        async def work(endpoint_id: str) -> DeleteManyResult:
            request = deleting(
                actor.user,
                selector,
                read_state=read_state,
                user_action_state=user_action_state,
                up_to_revision=up_to_revision,
                endpoint_id=endpoint_id,
            )
            return await self.calls.delete_notifications(request, self.timeout)

        return await self._change(actor, work)

    async def _change(self, actor: Actor, work: Callable[[str], Awaitable[Answer]]) -> Answer:
        """Call with the id of the device, which a user's token needs, and an app's must not have.

        An actor that names a user is taken for an app, until the service asks for the device. A device
        that the service does not know is registered first.
        """
        if actor.user:
            try:
                return await work("")
            except InvalidRequest as error:
                if "endpoint_id" not in error.violations:
                    raise
        try:
            return await work(actor.endpoint)
        except NotFound as error:
            if error.reason != "ENDPOINT_NOT_FOUND":
                raise
        await self._register(actor.endpoint)
        return await work(actor.endpoint)

    async def _register(self, endpoint_id: str) -> None:
        platform = _convert.platform_number(member_of(Platform, this_device.platform()))
        request = RegisterEndpointRequest(endpoint_id=endpoint_id, platform=platform)
        await self._caller.call(REGISTER_ENDPOINT, request, Deadline(self.timeout))


def call(access: Access, work: Callable[[CliClient], Coroutine[Any, Any, Answer]]) -> Answer:
    """Run what a command does with a client, and return its result. Raises as `report_errors`."""

    async def whole() -> Answer:
        async with CliClient(access) as service:
            return await work(service)

    with report_errors(access):
        return asyncio.run(whole())
