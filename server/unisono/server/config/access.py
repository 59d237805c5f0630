"""Settings of access: whose tokens are accepted, and for which apps."""

from pydantic import BaseModel, ValidationInfo, field_validator

from unisono.server.config.hook_table import HookSettings
from unisono.server.config.issuer_table import IssuerSettings
from unisono.server.config.setting import ITEMS, SECONDS, SWITCH, TABLES, at_least, setting
from unisono.server.config.tables import AppSettings


class AccessSettings(BaseModel):
    """Settings of apps, issuers and the development key."""

    apps: tuple[AppSettings, ...] = setting((), TABLES, "the apps whose notifications this server carries")
    issuers: tuple[IssuerSettings, ...] = setting((), TABLES, "who issues access tokens, with what keys")
    hooks: tuple[HookSettings, ...] = setting(
        (), TABLES, "who may send to one user without a token, such as GitHub or Grafana; transport http"
    )
    clock_skew: float = setting(
        10, SECONDS, "how far an issuer's clock may be ahead; the expiry of tokens is strict", ge=0, le=300
    )
    keys_refresh: float = setting(
        300, SECONDS, "how often the published keys of issuers are fetched again", ge=30, le=24 * 3600
    )
    keys_stale_max: float = setting(
        24 * 3600,
        SECONDS,
        "for how long fetched keys are used while their issuer cannot be reached",
        ge=30,
        le=30 * 24 * 3600,
    )
    refused_signatures_per_second: int = setting(
        2000,
        ITEMS,
        "signatures of access tokens that are refused, checked in a second for all connections together",
        ge=1,
        le=1_000_000,
    )
    refused_signatures_per_address: int = setting(
        200,
        ITEMS,
        "those of one address in a second, on average; ten times as many at once",
        ge=1,
        le=1_000_000,
    )
    dev: bool = setting(
        False, SWITCH, "accept tokens of a development key kept beside the store, and declare the app demo"
    )
    dev_key_on_any_address: bool = setting(
        False, SWITCH, "accept the development key on an address that other machines reach"
    )

    @field_validator("apps")
    @classmethod
    def _can_have_pages(cls, apps: tuple[AppSettings, ...], info: ValidationInfo) -> tuple[AppSettings, ...]:
        with_pages = [app.app_id for app in apps if app.origins]
        if with_pages and info.data.get("transport") == "grpcio":
            raise ValueError(
                f'the origins of {with_pages[0]} need transport = "http": no browser speaks to the other one'
            )
        if with_pages and info.data.get("web") == "off":
            raise ValueError(f'the origins of {with_pages[0]} need web = "on": browsers speak no gRPC')
        return apps

    @field_validator("keys_stale_max")
    @classmethod
    def _outlasts_a_fetch(cls, value: float, info: ValidationInfo) -> float:
        return at_least(value, info, "keys_refresh")
