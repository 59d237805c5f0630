"""The table of an app, and what tables of the settings have in common."""

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

HOST_NAME_MAX: Final = 253
"""Characters of a host name without the final dot (RFC 1035, section 2.3.4)."""

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


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_texts)]
"""One or more texts, none empty; a single one need not be a list."""

AnyNames = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_full)]
"""Any number of texts, none empty; a single one need not be a list."""


class AppSettings(BaseModel):
    """One app that may send notifications.

    `app_id` has the form of a host name. `client_ids` are the OAuth clients that act for the app, and
    `publisher_client_ids` those of its backends, where an issuer tells them so. `issuers` are the names of
    the issuers whose tokens it takes: the only one, where it lists none. Users of those in `same_users` with
    the same id are the same people.
    """

    model_config = TABLE

    app_id: Annotated[str, AfterValidator(_host_name)]
    display_name: str = ""
    client_ids: Names = ()
    publisher_client_ids: Names = ()
    issuers: Names = ()
    same_users: Names = ()

    @model_validator(mode="after")
    def _has_clients(self) -> Self:
        if not self.client_ids and not self.publisher_client_ids:
            raise ValueError("needs client_ids, which say whose tokens are the app's")
        return self
