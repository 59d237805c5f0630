"""Who reaches for the things of a user: the columns of the matrix."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.api.isolation_matrix.trust import (
    ELSEWHERE,
    GUESTS,
    UNDECLARED,
    UNLISTED,
    admin,
    device,
    of_the_key,
    publisher,
    subject_of,
)
from tests.api.isolation_matrix.worlds import LAPTOP, PHONE
from tests.support import tokens

#: The method that the token of the admin key is for.
ASKED: Final = "unisono.v1.AdminService/ExplainNotifications"

CHAT: Final = {"azp": "chat-client"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One kind of caller. `token` makes its token from the id of the user whose things it reaches for.

    `names_user` says whether it puts that id into its requests, and `endpoint_id` which device it is, "" for
    a backend. `owner` says that the things are its own, `admin` that it may know what became of them, but not
    what they are, and `accepted` that its token is good, so that its device is registered before.
    """

    token: Callable[[str], str | None]
    names_user: bool = False
    endpoint_id: str = ""
    owner: bool = False
    admin: bool = False
    accepted: bool = True


CALLERS: Final = {
    "own device": Caller(token=lambda user: device(subject_of(user)), endpoint_id=PHONE, owner=True),
    "own app": Caller(token=lambda _: publisher(), names_user=True, owner=True),
    "other user": Caller(token=lambda user: device(f"not-{subject_of(user)}"), endpoint_id=LAPTOP),
    "names user": Caller(
        token=lambda user: device(f"nor-{subject_of(user)}"), endpoint_id=LAPTOP, names_user=True
    ),
    "other app's": Caller(token=lambda user: device(subject_of(user), **CHAT), endpoint_id=LAPTOP),
    "other app": Caller(token=lambda _: publisher(**CHAT), names_user=True),
    "user as app": Caller(
        token=lambda user: device(subject_of(user), scope=tokens.ERASER_SCOPES),
        endpoint_id=PHONE,
        accepted=False,
    ),
    "app as user": Caller(
        token=lambda _: publisher(scope="notifications.readwrite"), names_user=True, accepted=False
    ),
    "other prefix": Caller(token=lambda user: device(subject_of(user), GUESTS), endpoint_id=LAPTOP),
    "whole id": Caller(token=lambda user: device(user, GUESTS), endpoint_id=LAPTOP),
    "other issuer's": Caller(token=lambda user: device(subject_of(user), ELSEWHERE), endpoint_id=LAPTOP),
    "other issuer": Caller(token=lambda _: publisher(ELSEWHERE), names_user=True),
    "unlisted": Caller(
        token=lambda user: device(subject_of(user), UNLISTED), endpoint_id=PHONE, accepted=False
    ),
    "undeclared": Caller(
        token=lambda user: device(subject_of(user), UNDECLARED), endpoint_id=PHONE, accepted=False
    ),
    "admin": Caller(token=lambda _: admin(), names_user=True, accepted=False, admin=True),
    "admin key": Caller(token=lambda _: of_the_key(ASKED), names_user=True, accepted=False, admin=True),
    "no token": Caller(token=lambda _: None, names_user=True, accepted=False),
}
