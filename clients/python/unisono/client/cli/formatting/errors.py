"""Texts for errors of the service: what happened, and what to do next, by their `ErrorReason`."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from unisono.client._errors import (
    DeadlineExceeded,
    InvalidRequest,
    ServerTooOld,
    StorageFailed,
    Unauthenticated,
    UnisonoError,
)
from unisono.client._wire.address import Address
from unisono.client._wire.diagnosis import Diagnosis, diagnose, next_step
from unisono.client._wire.tokens import ProviderFailed
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.formatting.tokens import renewed, source

_BY_REASON: Final[Mapping[str, str]] = {
    "USER_MISMATCH": "a user's token is for that user alone: leave --user out, or send with --me",
    "NOT_CREATOR": "what the app sent, only the app may change; what the user sent, only the user",
    "NOTIFICATION_NOT_FOUND": "unisono list shows what is there",
    "ENDPOINT_DELETED": "name another device with --endpoint; the id of this one stays unusable for 30 days",
    "PLATFORM_FIXED": "a platform is for ever: give --platform {platform}, or name another --endpoint",
    "KEY_CONFLICT": "--replace rewrites {notification_id}, which has this key; another --key makes a new one",
    "REVISION_OUT_OF_RANGE": "--changed-after 0 begins anew, with all that is there",
    "LIVE_NOTIFICATIONS_EXCEEDED": "delete some, or let them expire sooner, with --expire",
    "TARGET_POLICIES_EXCEEDED": "name fewer choices of devices and platforms: {limit} choices may be live",
    "FEED_BYTES_EXCEEDED": "delete some, or let them expire sooner, with --expire",
    "OPEN_STREAMS_EXCEEDED": "end some unisono listen of this user: {limit} may be open at a time",
    "ENDPOINTS_EXCEEDED": "end some unisono listen of this user: {limit} devices are connected already",
    "SUPERSEDED": "something else listens as the same device; give each its own --endpoint",
}

#: How the command names a setting.
_OPTIONS: Final[Mapping[str, str]] = {
    "tls": "--tls",
    "root_certificates": "--root-certificates",
    "client_certificate": "--client-certificate",
    "client_key": "--client-key",
    "no_proxy": "--no-proxy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call of which an error speaks: where to, whether as an app or as a user, and whether by a login."""

    address: Address
    app: bool
    by_login: bool = False

    def diagnose(self, error: Exception) -> Diagnosis | None:
        """Return why no connection could be made; None for any other error."""
        return diagnose(error, self.address, _OPTIONS)


def by_options(text: str) -> str:
    """Return a text about arguments of the SDK with the names of the command's options in their place."""
    return re.sub(r"\b(target|root_certificates|client_certificate|client_key)\b", _option, text)


def _option(name: re.Match[str]) -> str:
    return f"--{name[0].replace('_', '-')}"


def what_happened(error: UnisonoError, attempt: Attempt) -> str:
    """Return the error in one line: its message, and each bad field that the message does not name."""
    problem = attempt.diagnose(error)
    if problem and problem.known:
        return problem.what
    said = _cause(error) or str(error)
    named = (f"{field}: {what}" for field, what in error.violations.items())
    return one_line("; ".join([said, *(text for text in named if text not in said)]))


def _cause(error: UnisonoError) -> str:
    """Return why there is no token, and what to do; empty for any other error."""
    cause = error.__cause__ if isinstance(error, ProviderFailed) else None
    return "; ".join(filter(None, (str(cause), getattr(cause, "hint", "")))) if cause else ""


def brief(error: Exception, attempt: Attempt) -> str:
    """Return any error in one line where there is little room: of a failed connection the reason alone."""
    problem = attempt.diagnose(error)
    if problem:
        return problem.what
    return what_happened(error, attempt) if isinstance(error, UnisonoError) else one_line(str(error))


def advice(error: Exception, attempt: Attempt) -> str:
    """Return any error in one line, and of a failed connection what to do next."""
    problem = attempt.diagnose(error)
    return f"{problem.what}; {problem.hint}" if problem else brief(error, attempt)


def hint(error: UnisonoError, attempt: Attempt) -> str:
    """Return what to do next; empty where the error says it all."""
    if error.reason == "ROLE_NOT_ALLOWED":
        app = "device" not in error.metadata.get("allowed", "").split(",")
        return f"this needs {'an app' if app else 'a user'}'s token; {source(app=app)}"
    known = _BY_REASON.get(error.reason)
    return known.format_map(_named(error.metadata)) if known else _by_kind(error, attempt)


def _named(metadata: Mapping[str, str]) -> Mapping[str, str]:
    """Return the metadata of an error, with a platform as the options name it."""
    # Older servers leave DEVICE_ out.
    platform = metadata.get("platform", "").removeprefix("DEVICE_").removeprefix("PLATFORM_").lower()
    return defaultdict(str, metadata, platform=platform)


def _by_kind(error: UnisonoError, attempt: Attempt) -> str:
    if isinstance(error, DeadlineExceeded):
        return f"is the server at {attempt.address.target} well? --timeout gives it more time"
    if isinstance(error, ServerTooOld):
        return f"the server at {attempt.address.target} is older than this command: upgrade it"
    if error.reason == "TOKEN_MISSING" and attempt.address.client_certificate is not None:
        return "it stands for a token where an app declares it among its client_certificates; or pass --token"
    if isinstance(error, Unauthenticated):
        return _another_login(error, attempt) if attempt.by_login else _another_token(error, app=attempt.app)
    if isinstance(error, StorageFailed):
        return "name another file with --storage, one for each device"
    if isinstance(error, InvalidRequest) and "user_id" in error.violations:
        return "with an app's token name the user: --user ada"
    return next_step(error, attempt.address, _OPTIONS)


def _another_login(error: UnisonoError, attempt: Attempt) -> str:
    if error.reason == "TOKEN_EXPIRED":
        return "is the clock of the provider right? unisono login signs you in anew"
    return f"does {attempt.address.target} take tokens of this provider? unisono login --issuer names another"


def _another_token(error: UnisonoError, *, app: bool) -> str:
    if error.reason == "TOKEN_EXPIRED":
        return f"get a new token, as unisono login and --token-command do by themselves; {renewed(app=app)}"
    return f"get a token of this server; {source(app=app)}"
