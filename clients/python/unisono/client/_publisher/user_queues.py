"""One queue of sends for each user, so that none overtakes another."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass

from unisono.client._errors import DeadlineExceeded, UnisonoError
from unisono.client._wire.caller import Deadline
from unisono.v1 import notification_service_pb2 as pb

Outcome = pb.SendResult | Exception


@dataclass(slots=True, eq=False)
class Send:
    """One send, and the future that its caller waits for. `error` is the last one that may pass."""

    request: pb.SendNotificationRequest
    deadline: Deadline
    answer: asyncio.Future[Outcome]
    error: UnisonoError | None = None
    failures: int = 0

    def end(self, outcome: Outcome) -> None:
        """Set the answer; only the first outcome counts."""
        if not self.answer.done():
            self.answer.set_result(outcome)

    def end_late(self) -> None:
        """End with the last error, which says more than `DeadlineExceeded`, or with that if there is none."""
        self.end(self.error or DeadlineExceeded("no answer came in time"))

    def fail(self, error: UnisonoError) -> None:
        """Record an error that may pass. A time-out says less than what came before it."""
        if self.error is None or not isinstance(error, DeadlineExceeded):
            self.error = error
        self.failures += 1


class UserQueues:
    """A FIFO queue for each user. While its first sends are in flight, the others of that user stay queued.

    Users take turns: a batch takes all it can of a user, and who has more is then behind the other users.
    """

    def __init__(self) -> None:
        self._ready: OrderedDict[str, deque[Send]] = OrderedDict()
        self._in_flight: dict[str, deque[Send]] = {}

    @property
    def ready(self) -> int:
        """The number of users with queued sends and none in flight."""
        return len(self._ready)

    @property
    def in_flight(self) -> int:
        """The number of users with sends in flight."""
        return len(self._in_flight)

    def put(self, send: Send) -> None:
        """Append a send to its user's queue."""
        user = send.request.user_id
        queue = self._in_flight.get(user)
        if queue is None:
            queue = self._ready.get(user)
            if queue is None:
                queue = self._ready[user] = deque()
        queue.append(send)

    def take_batch(self, users: int, items: int, size: int) -> list[Send]:
        """Take the first sends of up to `users` queues: at most `items`, and at most `size` bytes.

        A single send may exceed `size`. They are in flight until they are released. Sends whose caller does
        not wait any more are dropped. Empty when nothing is ready.
        """
        batch = _Batch(items, size)
        while users and self._ready and not batch.full:
            user, queue = self._ready.popitem(last=False)
            if batch.take_from(queue):
                self._in_flight[user] = queue
                users -= 1
            elif queue:
                self._ready[user] = queue
                self._ready.move_to_end(user, last=False)
        return batch.sends

    def return_batch(self, sends: Collection[Send]) -> None:
        """Make the users of these sends ready again; sends without an answer go back to the front, in order.

        With any send of a user, all sends of that user that were taken must be given.
        """
        first: dict[str, list[Send]] = {send.request.user_id: [] for send in sends}
        for send in sends:
            if not send.answer.done():
                first[send.request.user_id].append(send)
        for user, again in first.items():
            queue = self._in_flight.pop(user)
            queue.extendleft(reversed(again))
            if queue:
                self._ready[user] = queue

    def drain(self) -> list[Send]:
        """Remove and return all sends, queued or in flight."""
        queues = [*self._ready.values(), *self._in_flight.values()]
        self._ready.clear()
        self._in_flight.clear()
        return [send for queue in queues for send in queue]


class _Batch:
    """The sends of one request."""

    def __init__(self, items: int, size: int) -> None:
        self.sends: list[Send] = []
        self.full = False
        self._items = items
        self._size = size

    def take_from(self, queue: deque[Send]) -> bool:
        """Take from the front of a queue; return whether any was taken.

        Of equal keys only one: it may have to be repeated, and what came after it must not overtake it.
        """
        keys: set[str] = set()
        while queue and not self.full:
            send = queue[0]
            if not send.answer.done():
                key, size = send.request.app_notification_id, send.request.ByteSize()
                if key in keys:
                    break
                self.full = bool(self.sends) and (len(self.sends) == self._items or size > self._size)
                if self.full:
                    break
                keys.add(key)
                self.sends.append(send)
                self._size -= size
            queue.popleft()
        return bool(keys)
