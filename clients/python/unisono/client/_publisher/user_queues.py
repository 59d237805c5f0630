"""Sends that wait for their turn: those for one user in line, so that none overtakes another.

Knows nothing of calls.
"""

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
    """One send, and the answer that its caller waits for."""

    request: pb.SendNotificationRequest
    deadline: Deadline
    answer: asyncio.Future[Outcome]
    error: UnisonoError | None = None
    failures: int = 0

    def end(self, outcome: Outcome) -> None:
        """The first outcome is the answer."""
        if not self.answer.done():
            self.answer.set_result(outcome)

    def end_late(self) -> None:
        """There was no outcome in time; what was in the way says more than that."""
        self.end(self.error or DeadlineExceeded("no answer came in time"))

    def fail(self, error: UnisonoError) -> None:
        """It did not work this time, and may the next."""
        self.error = error
        self.failures += 1


class UserQueues:
    """A line for each user. While the first of it are out, under way, the others stay where they are.

    Users take turns: all of one who may go do, and who has more then is behind the other users.
    """

    def __init__(self) -> None:
        self._ready: OrderedDict[str, deque[Send]] = OrderedDict()
        self._in_flight: dict[str, deque[Send]] = {}

    @property
    def ready(self) -> int:
        """The users of whom some may go."""
        return len(self._ready)

    @property
    def in_flight(self) -> int:
        """The users of whom some are out."""
        return len(self._in_flight)

    def put(self, send: Send) -> None:
        """Join the line, at its end."""
        user = send.request.user_id
        queue = self._in_flight.get(user)
        if queue is None:
            queue = self._ready.get(user)
            if queue is None:
                queue = self._ready[user] = deque()
        queue.append(send)

    def take_batch(self, users: int, items: int, size: int) -> list[Send]:
        """The first in the lines of so many users, as many as one request takes: `size` is in bytes.

        They are out until they are given `back`. Those for whom no caller waits any more are left out.
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

    def release(self, sends: Collection[Send]) -> None:
        """They are out no more, nor are their users; those without an answer are first in line again.

        With any send of a user, all of that user that were taken are to be given back.
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
        """All who waited; nobody does any more."""
        queues = [*self._ready.values(), *self._in_flight.values()]
        self._ready.clear()
        self._in_flight.clear()
        return [send for queue in queues for send in queue]


class _Batch:
    """What one request carries."""

    def __init__(self, items: int, size: int) -> None:
        self.sends: list[Send] = []
        self.full = False
        self._items = items
        self._size = size

    def take_from(self, queue: deque[Send]) -> bool:
        """Take from the front of a line; whether there was any to take.

        Of equal keys, one: it may have to be repeated, and what came after it must not overtake it.
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
