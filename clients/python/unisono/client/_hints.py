"""What to do next about an error of the service, by its `ErrorReason`: the same for programs and the command.

Hints name settings by what programs pass, or by the command's options: `words` has the name of each.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from unisono.client._errors import UnisonoError

#: How programs name a setting.
ARGUMENTS: Final[Mapping[str, str]] = {
    "tls": "tls=True",
    "root_certificates": "root_certificates",
    "client_certificate": "client_certificate",
    "client_key": "client_key",
    "no_proxy": "use_proxy=False",
}

_BY_REASON: Final[Mapping[str, str]] = {
    "APP_UNKNOWN": "declare the client id of the token for an app, in the settings of the server",
    "SCOPE_MISSING": "get a token with the scope {scope}",
    "RATE_LIMITED": "the server allows {limit} calls: make fewer at a time, or wait",
    "REQUEST_INCOMPLETE": "the way to the server is slow, or was cut: try again",
    "STORE_FULL": "free space on the disk of the server; until then what is stored can be read",
    "OPEN_STREAMS_EXCEEDED": "close some devices of this user: {limit} may be connected at a time",
    "ENDPOINTS_EXCEEDED": "close some devices of this user: {limit} are connected already",
    "TOKEN_MISSING": "get a token of this server",
    "TOKEN_INVALID": "get a token of this server",
    "TOKEN_EXPIRED": "get a new token",
    "INTERNAL": "the log of the server says more, under the request id {request_id}",
}


def by_reason(error: UnisonoError) -> str:
    """Return what to do about an error that the service raised; empty where its message says it all."""
    return _BY_REASON.get(error.reason, "").format_map(defaultdict(str, error.metadata))
