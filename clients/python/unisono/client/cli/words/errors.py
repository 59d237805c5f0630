"""Errors of the service in words: what happened, and what to do next. Knows the contract's reasons."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from unisono.client._errors import (
    DeadlineExceeded,
    InvalidRequest,
    StorageFailed,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client.cli.words.texts import one_line

#: How gRPC begins when no connection comes about. What follows names addresses and layers.
_NO_CONNECTION: Final = "failed to connect to all addresses"

_NEW_TOKEN: Final = "get a new token; for a server that runs with --dev: unisono-server token --user ada"

_KINDS: Final[Mapping[str, str]] = {
    "device": "a user's token, of a server that runs with --dev: unisono-server token --user ada",
    "publisher": "an app's token, of a server that runs with --dev: unisono-server token",
}

_BY_REASON: Final[Mapping[str, str]] = {
    "TOKEN_EXPIRED": f"{_NEW_TOKEN}; with --token-command the command gets one by itself",
    "APP_UNKNOWN": "declare the client id of the token for an app, in the settings of the server",
    "SCOPE_MISSING": "get a token with the scope {scope}",
    "USER_MISMATCH": "a user's token is for that user alone: leave --user out, or send with --me",
    "NOT_CREATOR": "what the app sent, only the app may change; what the user sent, only the user",
    "NOTIFICATION_NOT_FOUND": "unisono list shows what is there",
    "ENDPOINT_DELETED": "name another device with --endpoint; the id of this one stays unusable for 30 days",
    "PLATFORM_FIXED": "it is registered with --platform {platform}; or name another device with --endpoint",
    "KEY_CONFLICT": "--replace rewrites {notification_id}, which has this key; another --key makes a new one",
    "LIVE_NOTIFICATIONS_EXCEEDED": "delete some, or let them expire sooner, with --expire",
    "OPEN_STREAMS_EXCEEDED": "end some unisono listen of this user: {limit} may be open at a time",
    "ENDPOINTS_EXCEEDED": "end some unisono listen of this user: {limit} devices are connected already",
    "SUPERSEDED": "something else listens as the same device; give each its own --endpoint",
    "INTERNAL": "the log of the server says more, under the request id {request_id}",
}


def what_happened(error: UnisonoError) -> str:
    """The message, and each bad field that it does not name itself."""
    said = str(error)
    named = (f"{field}: {what}" for field, what in error.violations.items())
    return one_line("; ".join([said, *(text for text in named if text not in said)]))


def brief(error: Exception, target: str) -> str:
    """The same where there is little room."""
    if isinstance(error, Unavailable) and error.message.startswith(_NO_CONNECTION):
        return f"no connection to {target}"
    return what_happened(error) if isinstance(error, UnisonoError) else one_line(str(error))


def hint(error: UnisonoError, target: str) -> str:
    """What to do next; empty where the error says it all."""
    if error.reason == "ROLE_NOT_ALLOWED":
        kinds = error.metadata.get("allowed", "").split(",")
        return "this needs " + " or ".join(_KINDS.get(kind, f"a token of a {kind}") for kind in kinds)
    known = _BY_REASON.get(error.reason)
    return known.format_map(defaultdict(str, error.metadata)) if known else _by_kind(error, target)


def _by_kind(error: UnisonoError, target: str) -> str:
    if isinstance(error, Unavailable):
        return f"is the server at {target} up? Give --tls if it serves TLS, and only then"
    if isinstance(error, DeadlineExceeded):
        return f"is the server at {target} well? --timeout gives it more time"
    if isinstance(error, Unauthenticated):
        return _NEW_TOKEN
    if isinstance(error, StorageFailed):
        return "name another file with --keep, one for each device"
    if isinstance(error, InvalidRequest) and "user_id" in error.violations:
        return "with an app's token name the user: --user ada"
    return ""
