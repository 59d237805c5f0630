"""Makes random calls about the notifications of one user, as the backend and as the user's own devices."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeVar

from unisono.client import (
    Action,
    BodyFormat,
    Content,
    Device,
    Everything,
    Group,
    Key,
    Platform,
    Publisher,
    QuotaExceeded,
    ReadState,
    RevisionOutOfRange,
    SendResult,
    State,
    UnisonoError,
    UserActionState,
    draft,
)

PLATFORMS: Final = (Platform.LINUX, Platform.IOS, Platform.WEB)
GROUPS: Final = ("mail", "chat")
KEYS: Final = ("invoice", "meeting")
ACTIONS: Final = ("reply", "archive")

#: How many notifications a user has before some are deleted: a list of all fits into one page.
MAX_SENT: Final = 150

#: Reasons of refusals that are fair when another call changed the notification first, or it has expired;
#: where all that the feed may hold waits to be read; and for a mark by a device whose user was deleted, be
#: there a feed again, or not.
FAIR: Final = (
    "NOTIFICATION_NOT_FOUND",
    "KEY_CONFLICT",
    "REVISION_MISMATCH",
    "INVALID_REQUEST",
    "LIVE_NOTIFICATIONS_EXCEEDED",
    "FEED_DELETED",
    "ENDPOINT_NOT_FOUND",
)

#: How long notifications with a prefix live at most: they expire even if nobody deletes them.
LIFETIME: Final = timedelta(hours=2)

T = TypeVar("T")


class Traffic:
    """Random sends, updates, marks, deletes and polls for one user, drawn from a seeded source.

    With a `prefix`, the titles, groups and keys of all that is sent begin with it, and no other notification
    of the user is changed.
    """

    def __init__(
        self,
        publisher: Publisher,
        user_id: str,
        devices: Sequence[Device],
        random: Random,
        *,
        prefix: str = "",
    ) -> None:
        self._publisher = publisher
        self._user_id = user_id
        self._devices = devices
        self._random = random
        self._prefix = prefix
        self._groups = [f"{prefix}{group}" for group in GROUPS]
        self._keys = [f"{prefix}{key}" for key in KEYS]
        self._sent: list[SendResult] = []
        #: The revision up to which polls have read; None: it is not known.
        self._polled: int | None = None
        #: What was sent last, with its key.
        self._last: Content = {}
        works: dict[Callable[[], Awaitable[None]], int] = {
            self._send: 5,
            self._send_again: 2,
            self._send_several: 2,
            self._replace: 2,
            self._update: 2,
            self._mark: 2,
            self._act: 1,
            self._mark_on_device: 3,
            self._delete: 2,
            self._poll: 1,
            self._delete_many: 1,
        }
        self._works, self._weights = list(works), list(works.values())

    async def one(self) -> None:
        """Make one random change or poll. Raises a `UnisonoError`, but for refusals with a reason in `FAIR`.

        A send may be followed by deletes, so that the user has at most `MAX_SENT` notifications.
        """
        (work,) = self._random.choices(self._works, self._weights)
        try:
            await work()
        except UnisonoError as error:
            if error.reason not in FAIR:
                raise

    async def last(self) -> SendResult:
        """Send one more notification to all devices, and return its result, to wait for its revision on each.

        Where the feed is full of what waits, some of it is read first. Raises a `UnisonoError`.
        """
        content: Content = {"title": f"{self._prefix}The last", "group_name": self._groups[0]}
        with suppress(QuotaExceeded):
            return await self._publisher.send(self._user_id, **self._limited(content))
        read: State = {"read_state": ReadState.READ, "user_action_state": UserActionState.NO_INTERACTION}
        await self._publisher.mark(self._user_id, Group(self._groups[0]), **read)
        return await self._publisher.send(self._user_id, **self._limited(content))

    async def _send(self) -> None:
        content = self._content()
        sent = await self._publisher.send(self._user_id, **content)
        self._sent.append(sent)
        self._last = {**content, "app_notification_id": sent.app_notification_id}
        while len(self._sent) > MAX_SENT:
            await self._delete()

    async def _send_again(self) -> None:
        """Repeat the last send with its data in another order, as programs do whose maps have none."""
        if self._last:
            data = list(self._last.get("data", {}).items())
            again: Content = {**self._last, "data": dict(self._random.sample(data, len(data)))}
            await self._publisher.send(self._user_id, **again)

    async def _send_several(self) -> None:
        drafts = [draft(self._user_id, **self._content()) for _ in range(self._random.randint(2, 6))]
        outcomes = await self._publisher.batch(drafts)
        self._sent += [outcome for outcome in outcomes if isinstance(outcome, SendResult)]

    async def _replace(self) -> None:
        """Send with a key, and replace the notification that has it already."""
        content: Content = {
            **self._content(),
            "app_notification_id": self._pick(self._keys),
            "replace": True,
        }
        await self._publisher.send(self._user_id, **content)

    async def _update(self) -> None:
        for one in self._one():
            silent = self._random.random() < 0.5
            title = f"{self._prefix}Now {self._random.random()}"
            await self._publisher.update(self._user_id, one, title=title, silent=silent)

    async def _mark(self) -> None:
        for one in self._one():
            await self._publisher.mark(self._user_id, one, **self._state())
        if self._random.random() < 0.1:
            await self._publisher.mark(self._user_id, Key(self._pick(self._keys)), **self._state())

    async def _act(self) -> None:
        """Choose an action, and then perhaps another, as on two devices that do not know of each other."""
        for one in self._one():
            for _ in range(2):
                action: State = {
                    "user_action_state": UserActionState.ACTIVATED,
                    "action_id": self._pick(ACTIONS),
                }
                await self._publisher.mark(self._user_id, one, **action)

    async def _mark_on_device(self) -> None:
        device = self._pick(self._devices)
        rows = [row for row in device.notifications if row.group_name.startswith(self._prefix)]
        # Newer notifications are left alone: a device marks only what it has received.
        everything = Everything() if len(rows) == len(device.notifications) else rows
        what = self._pick((rows[:1], rows[::2], Group(self._pick(self._groups)), everything))
        if what:
            await device.mark(what, **self._state())

    async def _delete(self) -> None:
        for one in self._one():
            self._sent.remove(one)
            await self._publisher.delete(self._user_id, one)

    async def _poll(self) -> None:
        """Read what has changed since the last time in small pages, as a backend that holds no stream."""
        if self._polled is None:
            self._polled = (await self._publisher.get_feed(self._user_id)).last_revision
        changes = self._publisher.changes(self._user_id, self._polled, page_size=self._pick((2, 5, 20)))
        try:
            async for _ in changes:
                pass
            self._polled = changes.last_revision
        except RevisionOutOfRange:
            self._polled = None

    async def _delete_many(self) -> None:
        """Delete some by name, or of several, of a group or of all what is in a state that is drawn."""
        some = [self._pick(self._sent) for _ in range(self._random.randint(1, 4)) if self._sent]
        if some and self._random.random() < 0.2:
            await self._publisher.delete_many(self._user_id, some)
            return
        everything = Group(self._pick(self._groups)) if self._prefix else Everything()
        what = self._pick((some, Group(self._pick(self._groups)), everything))
        read = self._pick((ReadState.READ, ReadState.UNSPECIFIED))
        action = UserActionState.UNSPECIFIED if read else UserActionState.DISMISSED
        if what:
            await self._publisher.delete_many(self._user_id, what, read_state=read, user_action_state=action)

    def _content(self) -> Content:
        title = f"{self._prefix}No. {self._random.random()}"
        content: Content = {"title": title, "group_name": self._pick(self._groups)}
        if self._random.random() < 0.3:
            content["data"] = {f"key {number}": f"{self._random.random()}" for number in range(24)}
        if self._random.random() < 0.3:
            content["link"] = f"https://unisono.test/{self._random.random()}"
            content["actions"] = [Action(action_id="open", label="Open", link=content["link"])]
            content["format"] = BodyFormat.MARKDOWN
        if self._random.random() < 0.3:
            content["platforms"] = [self._pick(PLATFORMS)]
        if self._random.random() < 0.2:
            content["expire_time"] = datetime.now(UTC) + timedelta(seconds=self._pick((2, 10)))
        if self._random.random() < 0.2:
            content["silent"] = True
        return self._limited(content)

    def _limited(self, content: Content) -> Content:
        if self._prefix:
            content.setdefault("expire_time", datetime.now(UTC) + LIFETIME)
        return content

    def _state(self) -> State:
        read: State = {"read_state": self._pick((ReadState.READ, ReadState.UNREAD))}
        snooze: State = {
            "user_action_state": UserActionState.SNOOZED,
            "snooze_until": datetime.now(UTC) + timedelta(seconds=1),
        }
        acted: State = {
            "user_action_state": self._pick((UserActionState.DISMISSED, UserActionState.NO_INTERACTION))
        }
        both: State = {**read, **acted}
        return self._pick((read, acted, snooze, both))

    def _one(self) -> list[SendResult]:
        return [self._pick(self._sent)] if self._sent else []

    def _pick(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)
