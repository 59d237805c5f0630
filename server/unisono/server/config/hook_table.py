"""The table of a hook: who may send to one user of one app without a token."""

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from unisono.server.config.tables import TABLE

HOOK_ID: Final = re.compile("[A-Za-z0-9_-]{22}")
"""128 random bits in base64url without padding (RFC 4648, section 5)."""

PLAIN_FIELDS: Final = (
    *("id", "title", "body", "link", "icon_url", "image_url", "group", "category", "priority", "data"),
    *("silent", "replace", "read"),
)
"""What a hook of plain JSON reads."""

_HASH: Final = re.compile("[0-9a-f]{64}")

_PATH: Final = re.compile(r"[^.]+(\.[^.]+){0,7}")


def _hook_id(value: str) -> str:
    if not HOOK_ID.fullmatch(value):
        raise ValueError("must be 22 letters, digits, _ or -, as unisono-server hook new makes them")
    return value


def _hash(value: str) -> str:
    if value and not _HASH.fullmatch(value):
        raise ValueError(
            "must be 64 hexadecimal digits in small letters, as unisono-server hook new makes them"
        )
    return value


def _path(value: str) -> str:
    if not _PATH.fullmatch(value):
        raise ValueError("must be one to eight names with dots between them, such as event.title")
    return value


class HookSettings(BaseModel):
    """One hook, at the address `/hooks/ID`.

    Who has its secret sends to `user` of `app`, in the words of `source`. Its secret is in a file, or it is
    known by its SHA-256 alone, which is no use to sign with. `fields` says where a hook of `json` finds what.
    """

    model_config = TABLE

    id: Annotated[str, AfterValidator(_hook_id)]
    app: Annotated[str, Field(min_length=1)]
    user: Annotated[str, Field(min_length=1)]
    source: Literal["github", "grafana", "alertmanager", "json"]
    secret_file: Path | None = None
    secret_sha256: Annotated[str, AfterValidator(_hash)] = ""
    fields: dict[Literal[PLAIN_FIELDS], Annotated[str, AfterValidator(_path)]] = {}  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _has_a_secret(self) -> Self:
        if (self.secret_file is None) == (not self.secret_sha256):
            raise ValueError("needs secret_file or secret_sha256, and not both")
        if self.source == "github" and self.secret_file is None:
            raise ValueError("needs secret_file: GitHub signs, and that is checked with the secret itself")
        if self.fields and self.source != "json":
            raise ValueError("has fields, which are for the source json alone")
        return self
