"""Which web pages may call for which app.

A browser says by itself where a page that calls is from, and no page can change that. Other callers say
nothing, or whatever they like: so an origin may forbid a call, and never allows one.
"""

from collections.abc import Collection, Mapping
from typing import Final

from unisono.server.core.access.principal import Principal
from unisono.server.errors import PermissionDenied, Reason
from unisono.server.model.origin import ORIGIN_MAX, OriginSet


class AppOrigins:
    """The origins of each app, by its id. An app that is not among them has none."""

    def __init__(self, declared: Mapping[str, Collection[str]]) -> None:
        self._of_app: Final = {app_id: OriginSet(allowed) for app_id, allowed in declared.items()}
        self._none: Final = OriginSet(())

    def check(self, principal: Principal, origin: str | None) -> None:
        """Raise PermissionDenied (ORIGIN_NOT_ALLOWED) for a call from a page that its app does not declare.

        `origin` is what a browser says of the page, None for a call that is not from a browser.
        """
        if origin is None or origin in self._of_app.get(principal.app_id, self._none):
            return
        shown = origin[:ORIGIN_MAX]
        whose = f"the origins of the app {principal.app_id}" if principal.app_id else "an app's origins"
        raise PermissionDenied(
            Reason.ORIGIN_NOT_ALLOWED,
            f"the page that calls is from {shown}, which is not among {whose}",
            about={**principal.names, "origin": shown},
        )
