"""Settings of the store: where it is, how changes are committed, and how long removals are remembered."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, field_validator

from unisono.server.config.setting import DAYS, ITEMS, SECONDS, URL, setting

SQLITE: Final = "sqlite:///"


class StoreSettings(BaseModel):
    """Settings of the store and its upkeep."""

    store: str = setting(
        "sqlite:///unisono.db", URL, "sqlite:///FILE, or sqlite:////FILE from the root of the file system"
    )
    commit_queue: int = setting(
        10_000, ITEMS, "changes that may wait for a commit; more are refused for now", ge=1, le=1_000_000
    )
    commit_batch: int = setting(1000, ITEMS, "changes that share one commit at most", ge=1, le=10_000)
    sweep_interval: float = setting(
        1, SECONDS, "how often expiry and the end of snoozes are looked for", ge=0.01, le=3600
    )
    tombstone_days: float = setting(
        30, DAYS, "how long a removal can still reach devices that were away", ge=0.01, le=3650
    )
    tombstones_per_feed: int = setting(
        10_000, ITEMS, "removals that a feed remembers; the oldest go first", ge=1, le=1_000_000
    )
    unseen_endpoint_days: float = setting(60, DAYS, "how long an endpoint may be unseen", ge=0.01, le=3650)
    deleted_endpoint_days: float = setting(
        30, DAYS, "how long the id of a deleted endpoint stays deleted", ge=0.01, le=3650
    )

    @field_validator("store")
    @classmethod
    def _is_known(cls, store: str) -> str:
        if store.startswith(("postgresql:", "postgres:")):
            raise ValueError("this version keeps notifications in SQLite only: sqlite:///FILE")
        if not store.startswith(SQLITE) or store.endswith("/"):
            raise ValueError("must be sqlite:///FILE")
        if store == SQLITE + ":memory:":
            raise ValueError("must name a file: notifications are kept on a disk")
        return store

    @property
    def store_file(self) -> Path:
        """The path of the SQLite file that `store` names."""
        return Path(self.store.removeprefix(SQLITE))
