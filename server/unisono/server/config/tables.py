"""The table of an app, and what tables of the settings have in common."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from unisono.server.model.origin import ANY, Origin

HOST_NAME_MAX: Final = 253
"""Characters of a host name without the final dot (RFC 1035, section 2.3.4)."""

CERTIFICATES_MAX: Final = 100
"""The most names of certificates that an app declares."""

ORIGINS_MAX: Final = 100
"""The most origins that an app declares."""

URI_MAX: Final = 2048
"""Bytes of a SPIFFE ID (SPIFFE-ID, section 2.3), and of any other URI of a certificate."""

_THUMBPRINT: Final = re.compile("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")

_LABEL: Final = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

TABLE: Final = ConfigDict(extra="forbid", frozen=True)


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _host_name(value: str) -> str:
    if len(value) > HOST_NAME_MAX or not all(_LABEL.fullmatch(label) for label in value.split(".")):
        raise ValueError("must be shaped like a host name, in small letters, such as mail.contoso.com")
    return value


def _texts(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or not all(values):
        raise ValueError("must be one or more texts, none of them empty")
    return values


def _full(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(values):
        raise ValueError("must be texts, none of them empty")
    return values


def _certificate(value: str) -> str:
    """Return the name of a certificate. What is no text that a certificate could have would never match."""
    kind, _, name = value.partition(":")
    match kind:
        case "x5t#S256" if _THUMBPRINT.fullmatch(name):
            return value
        case "dns":
            return f"dns:{_host_name(name)}"
        case "uri" if len(name) <= URI_MAX and _URI.fullmatch(name):
            return value
        case _:
            raise ValueError(
                "must be x5t#S256: and the SHA-256 of a certificate in base64url (43 characters), dns: and a "
                f"name in small letters without a wildcard, or uri: and a URI of at most {URI_MAX} characters"
            )


def _origin(value: str) -> str:
    if value != ANY:
        Origin.parse(value)
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_texts)]
"""One or more texts, none empty; a single one need not be a list."""

AnyNames = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_full)]
"""Any number of texts, none empty; a single one need not be a list."""


class AppSettings(BaseModel):
    """One app that may send notifications.

    `app_id` has the form of a host name. `client_ids` are the OAuth clients that act for the app, and
    `publisher_client_ids` those of its backends, where an issuer tells them so. `issuers` are the names of
    the issuers whose tokens it takes: the only one, where it lists none. Users of those in `same_users` with
    the same id are the same people. `client_certificates` name clients by their certificates, in any of the
    forms `x5t#S256:...`, `dns:...` and `uri:...`; `certificate_scopes` is what else those may do.
    `origins` are those of the web pages that may call for it.
    """

    model_config = TABLE

    app_id: Annotated[str, AfterValidator(_host_name)]
    display_name: str = ""
    client_ids: Names = ()
    publisher_client_ids: Names = ()
    issuers: Names = ()
    same_users: Names = ()
    client_certificates: Annotated[
        tuple[Annotated[str, AfterValidator(_certificate)], ...],
        BeforeValidator(_listed),
        Field(max_length=CERTIFICATES_MAX),
    ] = ()
    certificate_scopes: Annotated[tuple[Literal["feeds.delete"], ...], BeforeValidator(_listed)] = ()
    origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...],
        BeforeValidator(_listed),
        Field(max_length=ORIGINS_MAX),
    ] = ()

    @model_validator(mode="after")
    def _has_clients(self) -> Self:
        if not self.client_ids and not self.publisher_client_ids:
            raise ValueError("needs client_ids, which say whose tokens are the app's")
        return self
