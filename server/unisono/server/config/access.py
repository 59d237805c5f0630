"""Settings of access: whose tokens are accepted, and for which apps."""

from pydantic_settings import BaseSettings

from unisono.server.config.setting import SECONDS, SWITCH, TABLES, setting
from unisono.server.config.tables import AppSettings, IssuerSettings


class AccessSettings(BaseSettings):
    """Settings of apps, issuers and the development key."""

    apps: tuple[AppSettings, ...] = setting((), TABLES, "the apps whose notifications this server carries")
    issuers: tuple[IssuerSettings, ...] = setting((), TABLES, "who issues access tokens, with what keys")
    clock_skew: float = setting(
        10, SECONDS, "how far an issuer's clock may be ahead; the expiry of tokens is strict", ge=0, le=300
    )
    dev: bool = setting(
        False, SWITCH, "accept tokens of a development key kept beside the store, and declare the app demo"
    )
    dev_key_on_any_address: bool = setting(
        False, SWITCH, "accept the development key on an address that other machines reach"
    )
