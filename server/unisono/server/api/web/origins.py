"""Tells browsers which pages may read what this server answers (CORS, in the Fetch standard).

That protects users of browsers from other pages; it keeps nobody out. Whether a call is allowed says its
token, and the origins of the token's app (`core.access.origins`), which a preflight cannot know: it has none.
"""

from collections.abc import Collection
from typing import Final

from unisono.server.api.http.exchange import Exchange, Header, Headers
from unisono.server.model.origin import OriginSet

_VARY: Final[Header] = (b"vary", b"origin")
_EXPOSED: Final = (
    b"x-request-id",
    b"retry-after",
    b"grpc-status",
    b"grpc-message",
    b"grpc-status-details-bin",
)
_EXPOSE: Final[Header] = (b"access-control-expose-headers", b", ".join(_EXPOSED))

_ASKED: Final = (
    b"authorization",
    b"content-type",
    b"connect-protocol-version",
    b"connect-timeout-ms",
    b"grpc-timeout",
    b"x-grpc-web",
    b"x-user-agent",
    b"x-request-id",
    b"last-event-id",
    b"traceparent",
    b"tracestate",
)
_ALLOW: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b", ".join(_ASKED)),
    # The longest that Chromium remembers, in seconds.
    (b"access-control-max-age", b"7200"),
)
_METHODS: Final[Header] = (b"allow", b"GET, HEAD, POST, OPTIONS")


class Origins:
    """Knows the origins of all apps together, for answers before it is known whose call it is."""

    def __init__(self, allowed: Collection[str]) -> None:
        """`allowed` are origins, or "*"; see `OriginSet`."""
        self._allowed: Final = OriginSet(allowed)

    def headers(self, request: Headers) -> tuple[Header, ...]:
        """Return the headers of a response to this request, whatever it says, also of a refusal.

        Without them a browser hides even that it was refused. A cache must not give a page what another one
        got, or who is no page: so they say what they depend on.
        """
        if not self._allowed:
            return ()
        origin = self._origin(request)
        return (_VARY,) if origin is None else (_allow_origin(origin), _EXPOSE, _VARY)

    async def preflight(self, exchange: Exchange) -> None:
        """Answer OPTIONS, by which a browser asks before it sends a request that only pages of apps may.

        What it is going to ask for makes no difference: all that this server understands is allowed.
        Credentials are not: there are no cookies here, and a token is a header of the page's own.
        """
        origin = self._origin(exchange.headers)
        cors = () if origin is None else (_allow_origin(origin), *_ALLOW)
        exchange.respond(204, (*cors, _VARY, _METHODS), end=True)

    def _origin(self, request: Headers) -> bytes | None:
        """Return the origin that a request names, None unless that is one, and allowed."""
        named = [value for name, value in request if name == b"origin"]
        return named[0] if len(named) == 1 and named[0].decode("latin-1") in self._allowed else None


def _allow_origin(origin: bytes) -> Header:
    return b"access-control-allow-origin", origin
