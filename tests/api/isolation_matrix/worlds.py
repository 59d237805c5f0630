"""The user whose things others reach for, and one who never was."""

from dataclasses import dataclass
from typing import Final

from tests.api.isolation_matrix.trust import device, publisher, subject_of
from tests.support.api_client import ApiClient
from tests.support.nodes import Running
from unisono.server.api.convert.paging import PageRequest
from unisono.server.core.decide.commands import Actor
from unisono.server.core.position import Position
from unisono.server.core.resume_token import Seal
from unisono.server.model import FeedKey, SenderRole
from unisono.server.store.reads import ListFilter

APP: Final = "mail.test"
PHONE: Final = "phone"
LAPTOP: Final = "laptop"
KEY: Final = "order-17"
GROUP: Final = "orders"

#: What is in all that belongs to the user, and that nobody else may ever be sent.
SECRET: Final = "Zq7xKw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What a request may name of a user: by itself it is a text, whether or not the user has it."""

    user_id: str
    id: str
    resume_token: bytes
    page_token: str
    endpoint_id: str = PHONE
    key: str = KEY
    group: str = GROUP


def of_nobody(user_id: str) -> Things:
    """Return things of a user who never was, in the form in which a server gives them out."""
    feed = FeedKey(APP, user_id)
    actor = Actor(feed=feed, role=SenderRole.PUBLISHER, endpoint_id="")
    page = PageRequest(actor=actor, where=ListFilter(), before=None, limit=1)
    return Things(
        user_id=user_id,
        id="01890000-0000-7000-8000-000000000000",
        resume_token=Seal.of(feed, PHONE, bytes(8), bytes(8)).token(Position.complete_at(2)),
        page_token=page.token(2),
    )


class Owner:
    """A user with a device and two notifications, on a real server."""

    def __init__(self, serving: Running, user_id: str) -> None:
        self._phone = ApiClient(serving.client(device(subject_of(user_id))), endpoint_id=PHONE)
        self._backend = ApiClient(serving.client(publisher()), user_id=user_id)

    async def things(self) -> Things:
        """Make all that is theirs, and return it."""
        await self._phone.register(display_name=SECRET)
        sent = await self._backend.send(SECRET, app_notification_id=KEY, group_name=GROUP, category=SECRET)
        await self._backend.send(SECRET)
        listed = await self._backend.history(endpoint_id=PHONE)
        page = await self._backend.history(page_size=1)
        return Things(
            user_id=self._backend.user_id,
            id=sent.id,
            resume_token=listed.resume_token,
            page_token=page.next_page_token,
        )

    async def holds(self) -> list[bytes]:
        """Return all that is theirs, as it is stored."""
        answers = (
            await self._backend.feed(),
            await self._backend.history(endpoint_id=PHONE),
            await self._backend.history(changed_after=0),
            *await self._phone.endpoints(),
        )
        return [answer.SerializeToString(deterministic=True) for answer in answers]


async def register(serving: Running, token: str) -> None:
    """Register a device of whoever has this token."""
    await ApiClient(serving.client(token), endpoint_id=LAPTOP).register()
