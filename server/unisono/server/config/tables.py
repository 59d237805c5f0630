"""The tables that the settings `apps` and `issuers` are lists of."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

HOST_NAME_MAX: Final = 253
"""Characters of a host name without the final dot (RFC 1035, section 2.3.4)."""

_LABEL: Final = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_TABLE: Final = ConfigDict(extra="forbid", frozen=True)


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _host_name(value: str) -> str:
    if len(value) > HOST_NAME_MAX or not all(_LABEL.fullmatch(label) for label in value.split(".")):
        raise ValueError("must be shaped like a host name, in small letters, such as mail.contoso.com")
    return value


def _named(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or not all(values):
        raise ValueError("must be one or more texts, none of them empty")
    return values


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_named)]
"""One or more texts, none empty; a single one need not be a list."""


class AppSettings(BaseModel):
    """One app that may send notifications.

    `app_id` has the form of a host name. `client_ids` are the OAuth clients that act for the app.
    """

    model_config = _TABLE

    app_id: Annotated[str, AfterValidator(_host_name)]
    display_name: str = ""
    client_ids: Names


class IssuerSettings(BaseModel):
    """One issuer of access tokens. Its keys come from exactly one of `secret`, `pem_file` and `jwks_file`.

    `algorithm`, when given, is the only one that is accepted. `user_claims` are the claims that name the
    user; `app_only` says what marks a token of an app itself.
    """

    model_config = _TABLE

    issuer: Annotated[str, Field(min_length=1)]
    audience: Names
    secret: SecretStr = SecretStr("")
    pem_file: Path | None = None
    jwks_file: Path | None = None
    algorithm: Literal["HS256", "RS256", "ES256", "EdDSA"] | None = None
    user_claims: Names = ("sub",)
    app_only: Literal["no_user_claim", "idtyp", "sub_is_client_id"] = "no_user_claim"

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if [bool(self.secret), self.pem_file is not None, self.jwks_file is not None].count(True) != 1:
            raise ValueError("needs exactly one of secret, pem_file and jwks_file")
        return self


def holds_secret(content: Mapping[str, Any]) -> bool:
    """Return whether settings that were not validated yet hold the secret of an issuer."""
    issuers = content.get("issuers")
    tables = issuers if isinstance(issuers, list) else ()
    return any(isinstance(table, dict) and table.get("secret") for table in tables)
