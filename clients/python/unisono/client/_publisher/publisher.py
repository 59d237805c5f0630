"""What a backend holds to send to users. Knows nothing of devices."""

from collections.abc import AsyncGenerator, Iterable
from types import TracebackType
from typing import Self, Unpack

from unisono.client import _arguments, _convert
from unisono.client._calls import Filter, Patch, Selector, ServiceClient, State, marking
from unisono.client._connection import Connection, Target
from unisono.client._drafts import Content, Draft, draft, keyed
from unisono.client._model import DeleteResult, Endpoint, Feed, MarkResult, Notification, SendResult
from unisono.client._publisher.batcher import SendBatcher
from unisono.client._publisher.user_queues import Outcome
from unisono.client._refs import Ref
from unisono.client._wire.retry import Backoff
from unisono.client._wire.tokens import TokenSource
from unisono.v1.notification_service_pb2 import SendResult as Stored


class Publisher:
    """Sends to users of an app, and does whatever a backend may do with what it sent.

    One publisher serves a whole program: calls may be made at the same time, and sends that are in
    flight together travel together. Every call is repeated, where that may help, until its `timeout`
    (in seconds) passes; that is safe, because each send has a key.

    It may be made anywhere, and belongs to the event loop that first uses it; threads share a
    `BlockingPublisher`. All calls raise `UnisonoError`, `TypeError` for an argument of a wrong name or
    type, and whatever the function that gives tokens raises.

        async with Publisher("localhost:50051", token) as publisher:
            await publisher.send("ada", title="Your parcel is at the door")
    """

    def __init__(
        self,
        target: Target,
        token: TokenSource,
        *,
        tls: bool = False,
        root_certificates: bytes | None = None,
        timeout: float = 30.0,
        backoff: Backoff = Backoff(maximum=2.0),  # noqa: B008  frozen
    ) -> None:
        """A publisher at HOST:PORT, or on a transport that stays the caller's to close.

        `token` is an access token of the app, or a function (async or not) that gives one: it is asked
        for the first, and again when the server refuses the one in use. Without `tls` or
        `root_certificates` (PEM) the token travels in the clear: stay on this machine.
        """
        _arguments.check_seconds("timeout", timeout)
        self._connection = Connection(
            target, token, tls=tls, root_certificates=root_certificates, backoff=backoff
        )
        self._calls = ServiceClient(self._connection.caller)
        self._sends = SendBatcher(self._connection.caller)
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection. What is still being sent is given up."""
        await self._sends.close()
        await self._connection.close()

    async def send(
        self, user_id: str, *, timeout: float | None = None, **content: Unpack[Content]
    ) -> SendResult:
        """Send to every device of a user; it is on the server's disk when this returns.

        Keywords (see `Content`): title, body, raw_content, app_notification_id, replace, group_name,
        priority, platforms, endpoint_ids, display_time_to_live, expire_time, endpoint_id.
        """
        request = draft(user_id, **content)
        (outcome,) = await self._sends.send([request], self._within(timeout))
        if isinstance(outcome, Exception):
            raise outcome
        return _convert.send_result(outcome, request.app_notification_id)

    async def batch(
        self, drafts: Iterable[Draft], *, timeout: float | None = None
    ) -> list[SendResult | Exception]:
        """Send any number of drafts, to any users: for each, in order, a result or its own error.

        One that fails harms no other. See `draft`.
        """
        requests = [keyed(one) for one in drafts]
        outcomes = await self._sends.send(requests, self._within(timeout))
        return [_result(*pair) for pair in zip(requests, outcomes, strict=True)]

    async def get(self, user_id: str, notification: Ref, *, timeout: float | None = None) -> Notification:
        """One notification, with its content. Raises `NotFound`."""
        return await self._calls.get(user_id, notification, self._within(timeout))

    def list(
        self, user_id: str, *, page_size: int = 0, timeout: float | None = None, **filters: Unpack[Filter]
    ) -> AsyncGenerator[Notification, None]:
        """The user's history, newest first: `async for notification in publisher.list("ada")`.

        Filters (see `Filter`): read_state, user_action_state, group_name, start_time, end_time.
        Pages (of `page_size`, at most 500; 0: the server's default) are fetched as they are needed, each
        within `timeout`. What was read or dismissed stays in it until it expires.
        """
        return self._calls.list(user_id, filters, page_size=page_size, timeout=self._within(timeout))

    async def update(
        self,
        user_id: str,
        notification: Ref,
        *,
        silent: bool = False,
        expected_revision: int | None = None,
        timeout: float | None = None,
        **patch: Unpack[Patch],
    ) -> Notification:
        """Change the content on every device; `silent` does not ring.

        New content (see `Patch`): title, body, raw_content, group_name, priority, display_time_to_live,
        expire_time.
        With `expected_revision` it is changed only if this is its revision: raises `RevisionMismatch`.
        """
        return await self._calls.update(
            user_id,
            notification,
            patch,
            silent=silent,
            expected_revision=expected_revision,
            timeout=self._within(timeout),
        )

    async def mark(
        self,
        user_id: str,
        selector: Selector,
        *,
        expected_revision: int | None = None,
        timeout: float | None = None,
        **state: Unpack[State],
    ) -> MarkResult:
        """Mark one, several, a `Group` or `Everything` as read, dismissed, and so on.

        The new state (see `State`): read_state, user_action_state, snooze_until, up_to_revision.
        """
        request = marking(user_id, selector, state, expected_revision=expected_revision)
        return await self._calls.mark(request, self._within(timeout))

    async def delete(
        self,
        user_id: str,
        notification: Ref,
        *,
        expected_revision: int | None = None,
        timeout: float | None = None,
    ) -> DeleteResult:
        """Withdraw it from every device and from the history."""
        return await self._calls.delete(
            user_id, notification, expected_revision=expected_revision, timeout=self._within(timeout)
        )

    async def feed(self, user_id: str, *, timeout: float | None = None) -> Feed:
        """The last revision of the user's feed, and the unread count."""
        return await self._calls.feed(user_id, timeout=self._within(timeout))

    async def endpoints(self, user_id: str, *, timeout: float | None = None) -> tuple[Endpoint, ...]:
        """The devices of the user, and what each has acknowledged."""
        return await self._calls.endpoints(user_id, self._within(timeout))

    def _within(self, timeout: float | None) -> float:
        if timeout is None:
            return self._timeout
        _arguments.check_seconds("timeout", timeout)
        return timeout


def _result(request: Draft, outcome: Outcome) -> SendResult | Exception:
    if isinstance(outcome, Stored):
        return _convert.send_result(outcome, request.app_notification_id)
    return outcome
