"""The publisher for programs without an event loop: the same calls, on a loop in a thread of its own."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Self, Unpack

from unisono.client._arguments import Seconds
from unisono.client._calls import Filter, Patch
from unisono.client._connection import Target
from unisono.client._drafts import Content, Draft
from unisono.client._loop_thread import LoopThread
from unisono.client._model import Endpoint, Feed, Notification, Page, ReadState, UserActionState
from unisono.client._publisher.blocking_changes import BlockingChanges
from unisono.client._publisher.publisher import Publisher
from unisono.client._refs import Ref
from unisono.client._results import DeleteManyResult, DeleteResult, MarkResult, SendResult
from unisono.client._selections import Selector, State
from unisono.client._wire.address import ConnectionOptions
from unisono.client._wire.retry import Backoff
from unisono.client._wire.tokens import TokenSource


class BlockingPublisher:
    """Sends notifications to users of an app, and reads, changes and withdraws what is in their feeds.

    Like `Publisher`, whose arguments, results and errors are the same, but every call blocks until it is
    done, and raises in the thread that made it. One serves all threads of a program, whose concurrent sends
    share requests. A call that an exception interrupts, such as Ctrl-C, is cancelled. After `close`, calls
    raise `RuntimeError`.

    A forked child, such as a worker of a web server, has a thread and connections of its own, which its first
    call makes. But where gRPC was in use at the fork, by a call under way, a device, an async publisher or
    something else of `grpc.aio`, it cannot be used in the child: then calls raise `RuntimeError` there.

        with BlockingPublisher("localhost:50051", token) as publisher:
            publisher.send("ada", title="Your parcel is at the door")
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

        Without `target` or `token` they are UNISONO_TARGET and UNISONO_TOKEN of the environment. The first
        call starts the publisher's thread, on which an `async def` that gives tokens runs; any other function
        is called on a thread of its own, where it may block. `timeout` is in seconds, for calls that give
        none. A transport must not be used on another event loop. The rest is as for `Publisher`, which raises
        the same errors.
        """
        make = partial(Publisher, target, token, timeout=timeout, backoff=backoff, **connection)
        self._thread: LoopThread[Publisher] = LoopThread("publisher", make)

    @property
    def _publisher(self) -> Publisher:
        return self._thread.client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel the calls under way, close the connection unless it is the caller's, and end the thread.

        Nothing is flushed: calls under way in other threads raise `RuntimeError` or `UnisonoError`, and may
        have been carried out. May be called twice. In a forked child it closes the child's own.
        """
        self._thread.close()

    def send(self, user_id: str, *, timeout: Seconds | None = None, **content: Unpack[Content]) -> SendResult:
        """Send to every device of a user, and return what was stored: it is on the server's disk (Durable).

        As `Publisher.send`, but blocks until then. Sends to one user are stored in the order of the calls
        where one thread makes them.
        """
        return self._thread.run(self._publisher.send(user_id, timeout=timeout, **content))

    def batch(
        self, drafts: Iterable[Draft], *, timeout: Seconds | None = None
    ) -> list[SendResult | Exception]:
        """Send drafts (see `draft`) to any users, and return a result or an error for each, in order.

        As `Publisher.batch`, but blocks until each has an outcome. `drafts` is iterated in the calling
        thread.
        """
        # A generator of the caller's is the caller's to run: the publisher's thread must not wait for it.
        return self._thread.run(self._publisher.batch(list(drafts), timeout=timeout))

    def get(self, user_id: str, notification: Ref, *, timeout: Seconds | None = None) -> Notification:
        """Return one live notification with its content. Raises `NotFound`, also for what is gone.

        As `Publisher.get`, but blocks.
        """
        return self._thread.run(self._publisher.get(user_id, notification, timeout=timeout))

    def list(
        self, user_id: str, *, page_size: int = 0, timeout: Seconds | None = None, **filters: Unpack[Filter]
    ) -> Iterator[Notification]:
        """Return an iterator over the user's history, newest first by creation, with content.

        As `Publisher.list`, but the iteration blocks whenever it needs a page, for up to `timeout`, and
        nothing is checked or requested before its first step.
        """
        yield from self._thread.iterate(
            self._publisher.list(user_id, page_size=page_size, timeout=timeout, **filters)
        )

    def page(
        self,
        user_id: str,
        page_token: str = "",
        *,
        page_size: int = 0,
        timeout: Seconds | None = None,
        **filters: Unpack[Filter],
    ) -> Page:
        """Return a page of the user's history, as `list` has it: for a program that shows pages to people.

        As `Publisher.page`, but blocks.
        """
        return self._thread.run(
            self._publisher.page(user_id, page_token, page_size=page_size, timeout=timeout, **filters)
        )

    def changes(
        self, user_id: str, after: int = 0, *, page_size: int = 0, timeout: Seconds | None = None
    ) -> BlockingChanges:
        """Return what changed in a user's feed after a revision: for a backend that asks now and then.

        As `Publisher.changes`, but it is iterated with `for`, and the iteration blocks whenever it needs a
        page, for up to `timeout`.
        """
        changes = self._publisher.changes(user_id, after, page_size=page_size, timeout=timeout)
        return BlockingChanges(changes, self._thread.iterate)

    def update(
        self,
        user_id: str,
        notification: Ref,
        *,
        silent: bool = False,
        expected_revision: int | None = None,
        timeout: Seconds | None = None,
        **patch: Unpack[Patch],
    ) -> Notification:
        """Change the content of one notification on every device, and return it as it is after that.

        As `Publisher.update`, but blocks until it is done.
        """
        return self._thread.run(
            self._publisher.update(
                user_id,
                notification,
                silent=silent,
                expected_revision=expected_revision,
                timeout=timeout,
                **patch,
            )
        )

    def mark(
        self,
        user_id: str,
        selector: Selector,
        *,
        expected_revision: int | None = None,
        timeout: Seconds | None = None,
        **state: Unpack[State],
    ) -> MarkResult:
        """Mark one, several, a `Group` or `Everything` as read, dismissed and so on, on every device.

        As `Publisher.mark`, but blocks until it is done.
        """
        return self._thread.run(
            self._publisher.mark(
                user_id, selector, expected_revision=expected_revision, timeout=timeout, **state
            )
        )

    def delete(
        self,
        user_id: str,
        notification: Ref,
        *,
        expected_revision: int | None = None,
        timeout: Seconds | None = None,
    ) -> DeleteResult:
        """Withdraw one notification from every device and from the history.

        As `Publisher.delete`, but blocks until it is done.
        """
        return self._thread.run(
            self._publisher.delete(
                user_id, notification, expected_revision=expected_revision, timeout=timeout
            )
        )

    def delete_many(
        self,
        user_id: str,
        selector: Selector,
        *,
        read_state: ReadState = ReadState.UNSPECIFIED,
        user_action_state: UserActionState = UserActionState.UNSPECIFIED,
        up_to_revision: int | None = None,
        timeout: Seconds | None = None,
    ) -> DeleteManyResult:
        """Withdraw several, a `Group` or `Everything` from every device and from the history.

        As `Publisher.delete_many`, but blocks until it is done.
        """
        return self._thread.run(
            self._publisher.delete_many(
                user_id,
                selector,
                read_state=read_state,
                user_action_state=user_action_state,
                up_to_revision=up_to_revision,
                timeout=timeout,
            )
        )

    def get_feed(self, user_id: str, *, timeout: Seconds | None = None) -> Feed:
        """Return the last revision and the unread count of a user's feed; both are 0 for an unknown user.

        As `Publisher.get_feed`, but blocks.
        """
        return self._thread.run(self._publisher.get_feed(user_id, timeout=timeout))

    def delete_user(
        self, user_id: str, *, bar_for: timedelta | None = None, timeout: Seconds | None = None
    ) -> bool:
        """Forget a user, on every device and on the server's disk; return whether there was anything.

        As `Publisher.delete_user`, but blocks.
        """
        return self._thread.run(self._publisher.delete_user(user_id, bar_for=bar_for, timeout=timeout))

    def list_endpoints(self, user_id: str, *, timeout: Seconds | None = None) -> tuple[Endpoint, ...]:
        """Return the devices of a user, at most 100, by time of registration; empty for an unknown user.

        As `Publisher.list_endpoints`, but blocks.
        """
        return self._thread.run(self._publisher.list_endpoints(user_id, timeout=timeout))

    def delete_endpoint(
        self, user_id: str, endpoint_id: str, *, may_return: bool = False, timeout: Seconds | None = None
    ) -> bool:
        """Delete a device of a user, such as one that was lost: its stream ends, and what it shows goes.

        As `Publisher.delete_endpoint`, but blocks until it is done.
        """
        return self._thread.run(
            self._publisher.delete_endpoint(user_id, endpoint_id, may_return=may_return, timeout=timeout)
        )
