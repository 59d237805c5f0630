"""The declared apps, found by the OAuth clients that act for them: each an issuer and its client id."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from unisono.server.core.access.misconfigured import AccessMisconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A product that sends notifications, and the ids of the OAuth clients that act for it.

    `issuers` are the names of those whose tokens it takes. `publisher_client_ids` are clients, too: those
    whose tokens are its own where an issuer tells them so (`AppOnly.PUBLISHER_CLIENTS`). `same_users` are the
    names of issuers whose users with equal ids are the same people. `client_certificates` are names of
    certificates (`ClientCertificate.names`) that stand for a token of its own, and `certificate_scopes` what
    scopes those have beside the one of their role. `origins` are those of the pages that may call for it.
    """

    app_id: str
    display_name: str = ""
    client_ids: tuple[str, ...]
    publisher_client_ids: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    same_users: tuple[str, ...] = ()
    client_certificates: tuple[str, ...] = ()
    certificate_scopes: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def clients(self) -> Sequence[str]:
        """The ids of all clients, each once."""
        return tuple(dict.fromkeys((*self.client_ids, *self.publisher_client_ids)))


class Apps:
    """Finds the app that owns a client, or a name of a certificate."""

    def __init__(self, apps: Iterable[App]) -> None:
        """Raises `AccessMisconfigured` for an app id declared twice, and a client or certificate of two."""
        self._by_id: dict[str, App] = {}
        self._by_client: dict[tuple[str, str], App] = {}
        self._by_certificate: dict[str, App] = {}
        for app in apps:
            self._declare(app)

    def _declare(self, app: App) -> None:
        if app.app_id in self._by_id:
            raise AccessMisconfigured(f"the app {app.app_id} is declared twice")
        self._by_id[app.app_id] = app
        for issuer in app.issuers:
            for client_id in app.clients:
                owner = self._by_client.setdefault((issuer, client_id), app)
                if owner is not app:
                    raise AccessMisconfigured(
                        f"the client id {client_id} of the issuer {issuer} is declared for two apps, "
                        f"{owner.app_id} and {app.app_id}"
                    )
        for name in app.client_certificates:
            owner = self._by_certificate.setdefault(name, app)
            if owner is not app:
                raise AccessMisconfigured(
                    f"the client certificate {name} is declared for two apps, {owner.app_id} and {app.app_id}"
                )

    def of_client(self, issuer: str, client_id: str) -> App | None:
        """Return the app for which this client of the issuer with this name acts, or None."""
        return self._by_client.get((issuer, client_id))

    def of_certificate(self, name: str) -> App | None:
        """Return the app that declares certificates with exactly this name, or None."""
        return self._by_certificate.get(name)

    def get(self, app_id: str) -> App | None:
        """Return the app with this id, or None."""
        return self._by_id.get(app_id)

    def __iter__(self) -> Iterator[App]:
        """Yield the apps in the order of declaration."""
        return iter(self._by_id.values())

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all apps, in the order of declaration."""
        return tuple(self._by_id)
