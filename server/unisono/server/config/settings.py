"""All settings together. `load` finds their values."""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from unisono.server.config.access import AccessSettings
from unisono.server.config.limits import LimitSettings
from unisono.server.config.serving import ServingSettings
from unisono.server.config.store import StoreSettings
from unisono.server.config.streams import StreamSettings


class Settings(LimitSettings, StreamSettings, StoreSettings, AccessSettings, ServingSettings):
    """All settings of the server. Times are in seconds unless the name has another unit."""

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
        """Let pydantic read only what it is passed: `config.sources` reads the environment and the file."""
        return (init_settings,)
