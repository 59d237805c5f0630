"""Asks the running server of the same settings what admins ask, with its admin key."""

from typing import Final, TypeVar

from google.protobuf.message import Message

from unisono.server.app import admin_key
from unisono.server.app.asking.own_server import OwnServerError, own_server
from unisono.server.clock import SystemClock
from unisono.server.config import Settings
from unisono.server.model.value import value
from unisono.v1 import admin_service_pb2 as pb

ResponseT = TypeVar("ResponseT", bound=Message)

_SERVICE: Final = "unisono.v1.AdminService"


@value(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be explained: one notification by id or key, or a page of up to `limit`; 0: the default."""

    app_id: str
    user_id: str
    id: str = ""
    key: str = ""
    limit: int = 0
    page: str = ""


def explain(settings: Settings, asked: Asked, timeout: float) -> pb.ExplainNotificationsResponse:
    """Return what the server knows of a user's notifications. Raises as `_asked` does."""
    request = pb.ExplainNotificationsRequest(
        app_id=asked.app_id, user_id=asked.user_id, page_size=asked.limit, page_token=asked.page
    )
    if asked.id:
        request.notification.id = asked.id
    elif asked.key:
        request.notification.app_notification_id = asked.key
    return _asked(settings, "ExplainNotifications", request, pb.ExplainNotificationsResponse, timeout)


def stats(settings: Settings, timeout: float) -> pb.GetStatsResponse:
    """Return how the server is. Raises as `_asked` does."""
    return _asked(settings, "GetStats", pb.GetStatsRequest(), pb.GetStatsResponse, timeout)


def _asked(
    settings: Settings, method: str, request: Message, kind: type[ResponseT], timeout: float
) -> ResponseT:
    """Return the answer to a request.

    Raises `AccessMisconfigured` where the admin key cannot be used, and `OwnServerError` without an answer.
    """
    name = f"{_SERVICE}/{method}"
    token = admin_key.token(admin_key.read(settings.store_file), method=name, now=SystemClock().now())
    with own_server(settings) as server:
        try:
            answer = server.call(
                name,
                request.SerializeToString(),
                timeout=timeout,
                metadata=(("authorization", f"Bearer {token}"),),
            )
        except OwnServerError as error:
            raise _advised(error, settings) from error
    return kind.FromString(answer)


_ADVICE: Final = {
    "UNAUTHENTICATED": (
        "the server takes no token of {key}: it has to be the server that uses this store, on this machine, "
        "with no proxy in between, and to have started after the key was made"
    ),
    "UNIMPLEMENTED": "the server is older than this command, or a proxy keeps the method away",
}


def _advised(error: OwnServerError, settings: Settings) -> OwnServerError:
    """Return the error with what to do next, where that is known."""
    advice = _ADVICE.get(error.code)
    if advice is None:
        return error
    key = admin_key.secret_of(settings.store_file).file
    return OwnServerError(f"{error}\n{advice.format(key=key)}", error.code)
