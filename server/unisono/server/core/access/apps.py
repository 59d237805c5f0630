"""The declared apps, found by the OAuth client ids that act for them."""

from collections.abc import Iterable
from dataclasses import dataclass

from unisono.server.core.access.misconfigured import AccessMisconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A product that sends notifications, and the ids of the OAuth clients that act for it."""

    app_id: str
    display_name: str = ""
    client_ids: tuple[str, ...]


class Apps:
    """Finds the app that owns a client id."""

    def __init__(self, apps: Iterable[App]) -> None:
        """Raises `AccessMisconfigured` for an app id that is declared twice, or a client id of two apps."""
        self._by_id: dict[str, App] = {}
        self._by_client: dict[str, App] = {}
        for app in apps:
            self._declare(app)

    def _declare(self, app: App) -> None:
        if app.app_id in self._by_id:
            raise AccessMisconfigured(f"the app {app.app_id} is declared twice")
        self._by_id[app.app_id] = app
        for client_id in app.client_ids:
            owner = self._by_client.setdefault(client_id, app)
            if owner is not app:
                raise AccessMisconfigured(
                    f"the client id {client_id} is declared for two apps, {owner.app_id} and {app.app_id}"
                )

    def of_client(self, client_id: str) -> App | None:
        """Return the app for which this client acts, or None."""
        return self._by_client.get(client_id)

    def get(self, app_id: str) -> App | None:
        """Return the app with this id, or None."""
        return self._by_id.get(app_id)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all apps, in the order of declaration."""
        return tuple(self._by_id)
