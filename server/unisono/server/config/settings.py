"""All settings together. Nothing is read here: `load` finds the values."""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from unisono.server.config.access import AccessSettings
from unisono.server.config.limits import LimitSettings
from unisono.server.config.serving import ServingSettings
from unisono.server.config.store import StoreSettings
from unisono.server.config.streams import StreamSettings


class Settings(LimitSettings, StreamSettings, StoreSettings, AccessSettings, ServingSettings):
    """Every setting of the server. Times are in seconds where the name says nothing else."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        env_prefix="UNISONO_",
        env_ignore_empty=True,
        allow_inf_nan=False,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `sources` reads the environment and the file, and keeps the origins."""
        return (init_settings,)
