"""The publisher: what a backend holds to send to users."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self, Unpack

from unisono.client import _arguments, _convert
from unisono.client._arguments import Seconds
from unisono.client._calls import ServiceClient
from unisono.client._connection import Connection, Target
from unisono.client._drafts import Content, Draft, draft, keyed
from unisono.client._publisher.batcher import SendBatcher
from unisono.client._publisher.calls import PublisherCalls
from unisono.client._publisher.user_queues import Outcome
from unisono.client._results import SendResult
from unisono.client._wire.address import ConnectionOptions
from unisono.client._wire.retry import Backoff
from unisono.client._wire.tokens import TokenSource
from unisono.v1.notification_service_pb2 import SendResult as Stored


class Publisher(PublisherCalls):
    """Sends notifications to users of an app, and reads, changes and withdraws what is in their feeds.

    One publisher serves a whole program: calls may run concurrently, and concurrent sends share requests.
    It may be made anywhere, and belongs to the event loop that first uses it; threads share a
    `BlockingPublisher`.

    Each call takes a `timeout`, in seconds or as a timedelta, that includes all its retries; None means the
    publisher's, by default 30 s. Until then errors that may pass are retried, which is safe since every call
    acts once (Idempotent); then the last of them is raised, or `DeadlineExceeded` where there was none. Any
    call raises `Unauthenticated`, `PermissionDenied`, `InvalidRequest`, `Unavailable` and other
    `UnisonoError`s; `ServerTooOld`, before it is sent, for what the server does not know, which is asked
    where that matters; `TypeError` for an argument of a wrong name or type; and whatever the function that
    gives tokens raises.

        async with Publisher("localhost:50051", token) as publisher:
            await publisher.send("ada", title="Your parcel is at the door")
    """

    def __init__(
        self,
        target: Target | None = None,
        token: TokenSource | None = None,
        *,
        timeout: Seconds = 30.0,
        backoff: Backoff = Backoff(maximum=2.0),  # noqa: B008  frozen
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        """Make a publisher for HOST:PORT, or for a transport that stays the caller's to close.

        Without `target` or `token` they are UNISONO_TARGET and UNISONO_TOKEN of the environment.
        `token` is an access token of the app, or a function that returns one: it is called for the first,
        and again when the server refuses the one in use, once at a time. An `async def` runs on the event
        loop; any other is called on a thread of its own, where it may block. With an empty one nothing is
        sent, for servers that know the app by its `client_certificate`. `timeout` is in seconds, for
        calls that give none; `backoff` has the delays between retries. The other keywords are those of
        `ConnectionOptions`: without them the token travels in the clear, so stay on this machine. Nothing is
        connected before the first call. Raises `ValueError` for a wrong address or certificate, `TypeError`
        for an argument of a wrong name or type, and `Unauthenticated` for a token with characters that no
        token has.
        """
        timeout = _arguments.seconds("timeout", timeout)
        self._connection = Connection(target, token, connection, backoff=backoff)
        super().__init__(ServiceClient(self._connection.caller), timeout=timeout)
        self._sends = SendBatcher(self._connection.caller)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all sends, and close the connection unless the transport is the caller's. May be called twice.

        What is still being sent raises a `UnisonoError` with the code CANCELLED, and may have been committed.
        """
        await self._sends.close()
        await self._connection.close()

    async def send(
        self, user_id: str, *, timeout: Seconds | None = None, **content: Unpack[Content]
    ) -> SendResult:
        """Send to every device of a user, and return what was stored: it is on the server's disk (Durable).

        Keywords (see `Content`): title, body, link, icon_url, image_url, actions, format, raw_content, data,
        app_notification_id, replace, silent, group_name, category, priority, platforms, endpoint_ids,
        display_time_to_live, expire_time, endpoint_id.

        What one publisher sends to one user is stored in the order of the calls; for retries, see `batch`.
        Raises `InvalidRequest` for wrong content, `KeyConflict` where a live notification has the key and
        other content and `replace` is not set, and `QuotaExceeded` when the feed is full. A send that was
        cancelled or timed out may have been stored: repeat it with the same `app_notification_id`.
        """
        request = draft(user_id, **content)
        (outcome,) = await self._sends.send([request], self._within(timeout))
        if isinstance(outcome, Exception):
            raise outcome
        return _convert.send_result(outcome, request.app_notification_id)

    async def batch(
        self, drafts: Iterable[Draft], *, timeout: Seconds | None = None
    ) -> list[SendResult | Exception]:
        """Send drafts (see `draft`) to any users, and return a result or an error for each, in order.

        They travel in up to two requests at a time of at most 1,000 drafts and 3 MiB. `timeout` is for all
        of them: what has no outcome by then has an error in its place. Those of one user are stored in
        order, but one that is repeated may come after the next. One that fails harms no other, and its
        error is returned, not raised. No drafts: an empty list. Raises `TypeError` for what is not a
        `Draft`.
        """
        requests = [keyed(one) for one in drafts]
        outcomes = await self._sends.send(requests, self._within(timeout))
        return [_result(*pair) for pair in zip(requests, outcomes, strict=True)]


def _result(request: Draft, outcome: Outcome) -> SendResult | Exception:
    if isinstance(outcome, Stored):
        return _convert.send_result(outcome, request.app_notification_id)
    return outcome
