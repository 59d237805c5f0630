"""Tells which app a client certificate speaks for where there is no token."""

from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.principal import SCOPE_OF_ROLE, Principal, Role
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated
from unisono.server.model.client_certificate import ClientCertificate


def principal_of(certificate: ClientCertificate, apps: Apps, now: int) -> Principal | None:
    """Return the caller whom a certificate names, None where no app declares it. `now` is in milliseconds.

    It is always the app itself: no certificate makes a device. Raises `Unauthenticated` (TOKEN_EXPIRED) after
    its time, and `PermissionDenied` (APP_UNKNOWN) for one that is declared for several apps, by its names.
    """
    declared = [(name, app) for name in certificate.names if (app := apps.of_certificate(name))]
    if not declared:
        return None
    name, app = declared[0]
    if certificate.expire_time <= now:
        raise Unauthenticated(
            Reason.TOKEN_EXPIRED, "the client certificate has expired; connect with a new one"
        )
    if len({other.app_id for _, other in declared}) > 1:
        raise PermissionDenied(
            Reason.APP_UNKNOWN,
            "the client certificate has names that are declared for different apps",
            about={"client": name},
        )
    return _own(app, name, certificate)


def _own(app: App, name: str, certificate: ClientCertificate) -> Principal:
    return Principal(
        app_id=app.app_id,
        scopes=frozenset((SCOPE_OF_ROLE[Role.PUBLISHER], *app.certificate_scopes)),
        expire_time=certificate.expire_time,
        client_id=name,
        told_by=f"it is among the client_certificates of {app.app_id}",
        named_by="certificate",
    )
