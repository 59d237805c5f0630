"""The table of an issuer of access tokens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator

from unisono.server.config.presets import PRESETS, Preset
from unisono.server.config.tables import TABLE, AnyNames, Names

KEY_SOURCES: Final = ("secret", "secret_file", "pem_file", "jwks_file", "jwks_url", "discovery")

PREFIX_BYTES: Final = 64
"""The longest prefix of users: it takes room in each user id, of which an operator sets the length."""

AlgorithmName: TypeAlias = Literal[
    "HS256", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]


def _expected(value: object) -> object:
    return (value,) if isinstance(value, str) else value


_Texts = Annotated[tuple[str, ...], Field(min_length=1)]

Expected = dict[str, Annotated[bool | _Texts, BeforeValidator(_expected)]]
"""What claims have to be: true (there), false (absent), a text, or one of several texts."""

Named = dict[str, Annotated[_Texts, BeforeValidator(_expected)]]
"""The same where nothing but a text will do: that a claim is there, or absent, may be so by accident."""


class IssuerSettings(BaseModel):
    """One issuer of access tokens; `docs/identity.md` has every field.

    Its keys come from at most one of `KEY_SOURCES`, by default from its discovery document. A preset gives
    defaults to the other fields.
    """

    model_config = TABLE

    issuer: Annotated[str, Field(min_length=1, max_length=2048)]
    preset: Preset | None = None
    name: Annotated[str, Field(max_length=256)] = ""
    audience: AnyNames = ()
    audience_claim: Annotated[str, Field(min_length=1)] = "aud"
    secret: SecretStr = SecretStr("")
    secret_file: Path | None = None
    pem_file: Path | None = None
    jwks_file: Path | None = None
    jwks_url: str | None = None
    discovery: str | None = None
    algorithms: Annotated[tuple[AlgorithmName, ...], BeforeValidator(_expected)] = ()
    token_types: Names = ("jwt", "at+jwt")
    id_tokens: bool = False
    required_claims: Expected = {}
    client_claims: Names = ("azp", "appid", "client_id")
    user_claims: AnyNames = ("sub",)
    user_prefix: str = ""
    scope_claims: Names = ("scope", "scp", "roles")
    scope_map: dict[str, str] = {}
    user_scopes: AnyNames = ()
    app_scopes: AnyNames = ()
    app_only: Literal[
        "no_user_claim", "idtyp", "sub_is_client_id", "publisher_clients", "claim", "scope", "never"
    ] = "no_user_claim"
    client_subject: str = "{client_id}"
    app_only_claims: Expected = {}
    app_only_scope: str = ""
    admin_claim: Named = {}

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: Any) -> Any:
        """Lay the values over those of the preset, and read `algorithm`, which one was called alone."""
        if not isinstance(values, Mapping):
            return values
        given = dict(values)
        if "algorithm" in given and "algorithms" not in given:
            given["algorithms"] = given.pop("algorithm")
        preset = PRESETS.get(str(given.get("preset")))
        defaults = dict(preset(given)) if preset else {}
        if any(given.get(name) for name in KEY_SOURCES):
            defaults.pop("discovery", None)
        return {**defaults, **given}

    @field_validator("user_prefix")
    @classmethod
    def _is_prefix(cls, value: str) -> str:
        if len(value.encode()) > PREFIX_BYTES or not value.isprintable():
            raise ValueError(f"must have at most {PREFIX_BYTES} bytes, all printable")
        return value

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        given = [name for name in KEY_SOURCES if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"has {' and '.join(given)}; its keys come from one of them")
        if not given and "://" not in self.issuer:
            raise ValueError(f"needs one of {', '.join(KEY_SOURCES)}: its name is no URL to ask for its keys")
        return self


def holds_secret(content: Mapping[str, Any]) -> bool:
    """Return whether settings that were not validated yet hold the secret of an issuer."""
    issuers = content.get("issuers")
    tables = issuers if isinstance(issuers, list) else ()
    return any(isinstance(table, dict) and table.get("secret") for table in tables)
