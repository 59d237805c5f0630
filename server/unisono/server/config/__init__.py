"""The settings: each is defined once, and filled from a flag, the environment, a file or its default."""

from unisono.server.config.hook_table import HookSettings
from unisono.server.config.issuer_table import IssuerSettings
from unisono.server.config.load import Loaded, load
from unisono.server.config.problems import InvalidSettings
from unisono.server.config.setting_info import SettingInfo, describe
from unisono.server.config.settings import Settings
from unisono.server.config.tables import AppSettings

__all__ = [
    "AppSettings",
    "HookSettings",
    "InvalidSettings",
    "IssuerSettings",
    "Loaded",
    "SettingInfo",
    "Settings",
    "describe",
    "load",
]
