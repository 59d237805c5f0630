"""The limits of the service as settings. The defaults are those of `model.Limits`."""

from dataclasses import fields
from typing import Final

from pydantic import BaseModel, ValidationInfo, field_validator

from unisono.server.config.setting import BYTES, DAY, ITEMS, SECONDS, WORD, at_least, at_most, setting
from unisono.server.model import FullFeed, Limits

_DEFAULT: Final = Limits()

_MEBIBYTE: Final = 1024 * 1024


class LimitSettings(BaseModel):
    """Settings of how much the service accepts, stores and returns; times are in seconds."""

    id_bytes: int = setting(_DEFAULT.id_bytes, BYTES, "longest id, key or name", ge=36, le=1024)
    title_bytes: int = setting(_DEFAULT.title_bytes, BYTES, "longest title", ge=1, le=_MEBIBYTE)
    body_bytes: int = setting(_DEFAULT.body_bytes, BYTES, "longest body", ge=1, le=_MEBIBYTE)
    raw_content_bytes: int = setting(
        _DEFAULT.raw_content_bytes, BYTES, "longest raw content", ge=1, le=_MEBIBYTE
    )
    link_bytes: int = setting(
        _DEFAULT.link_bytes, BYTES, "longest link, and URL of a picture", ge=16, le=64 * 1024
    )
    data_bytes: int = setting(
        _DEFAULT.data_bytes, BYTES, "data of a payload, its keys and texts together", ge=1, le=_MEBIBYTE
    )
    request_bytes: int = setting(_DEFAULT.request_bytes, BYTES, "largest request", ge=1024, le=64 * _MEBIBYTE)
    batch_items: int = setting(_DEFAULT.batch_items, ITEMS, "sends in one batch", ge=1, le=10_000)
    mark_references: int = setting(
        _DEFAULT.mark_references,
        ITEMS,
        "notifications that one call may name, to mark or to delete them",
        ge=1,
        le=10_000,
    )
    target_endpoints: int = setting(
        _DEFAULT.target_endpoints, ITEMS, "endpoints that one target policy may name", ge=1, le=1000
    )
    page_items: int = setting(_DEFAULT.page_items, ITEMS, "notifications on one page", ge=1, le=10_000)
    page_default_items: int = setting(
        _DEFAULT.page_default_items, ITEMS, "notifications on a page when not asked for a number", ge=1
    )
    page_bytes: int = setting(
        _DEFAULT.page_bytes, BYTES, "payload on one page, about", ge=1024, le=4 * _MEBIBYTE
    )
    endpoints_per_user: int = setting(
        _DEFAULT.endpoints_per_user, ITEMS, "endpoints of one user of one app", ge=1, le=10_000
    )
    streams_per_user: int = setting(
        _DEFAULT.streams_per_user, ITEMS, "open streams of one user of one app", ge=1, le=10_000
    )
    live_notifications_per_feed: int = setting(
        _DEFAULT.live_notifications_per_feed, ITEMS, "live notifications in one feed", ge=1, le=1_000_000
    )
    target_policies_per_feed: int = setting(
        _DEFAULT.target_policies_per_feed,
        ITEMS,
        "different target policies of the live notifications in one feed",
        ge=1,
        le=10_000,
    )
    feed_bytes: int = setting(
        _DEFAULT.feed_bytes,
        BYTES,
        "payloads and target policies of the live notifications in one feed",
        ge=64 * 1024,
        le=1024 * _MEBIBYTE,
    )
    full_feed: FullFeed = setting(
        _DEFAULT.full_feed,
        WORD,
        "make_room: in a feed that holds as much as it may, the oldest notifications that were read or "
        "dismissed give way to a new one; refuse: it is refused",
    )
    deleted_endpoints_per_user: int = setting(
        _DEFAULT.deleted_endpoints_per_user,
        ITEMS,
        "deleted endpoints that are remembered of one user of one app; the oldest go first",
        ge=1,
        le=1_000_000,
    )
    barred_users_per_app: int = setting(
        _DEFAULT.barred_users_per_app,
        ITEMS,
        "users of one app that are barred after their deletion at a time",
        ge=0,
        le=1_000_000,
    )
    access_token_bytes: int = setting(
        _DEFAULT.access_token_bytes, BYTES, "longest access token", ge=256, le=16 * 1024
    )
    calls_in_flight: int = setting(
        _DEFAULT.calls_in_flight,
        ITEMS,
        "calls at a time of one user, or of all publishers of one app",
        ge=1,
        le=1_000_000,
    )
    calls_per_second: int = setting(
        _DEFAULT.calls_per_second, ITEMS, "calls that each of them may begin in a second", ge=1, le=1_000_000
    )
    subscribes_per_second: int = setting(
        _DEFAULT.subscribes_per_second,
        ITEMS,
        "streams that one user may open in a second, on average; ten times as many at once",
        ge=1,
        le=1_000_000,
    )
    acknowledges_per_second: int = setting(
        _DEFAULT.acknowledges_per_second,
        ITEMS,
        "acknowledgements of one user in a second",
        ge=1,
        le=1_000_000,
    )
    stranger_calls_per_second: int = setting(
        _DEFAULT.stranger_calls_per_second,
        ITEMS,
        "calls in a second on one connection without a token, or with one that cannot be read",
        ge=1,
        le=1_000_000,
    )
    expire_after_max: float = setting(
        _DEFAULT.expire_after_max / 1000, SECONDS, "farthest expiry of a notification", ge=1, le=3650 * DAY
    )
    expire_after_default: float = setting(
        _DEFAULT.expire_after_default / 1000, SECONDS, "expiry of a notification that names none", ge=1
    )

    @field_validator("request_bytes")
    @classmethod
    def _holds_a_payload(cls, value: int, info: ValidationInfo) -> int:
        return at_least(
            value, info, "title_bytes", "body_bytes", "raw_content_bytes", "link_bytes", "data_bytes"
        )

    @field_validator("page_default_items", "expire_after_default")
    @classmethod
    def _is_within(cls, value: float, info: ValidationInfo) -> float:
        most = "page_items" if info.field_name == "page_default_items" else "expire_after_max"
        return at_most(value, info, most)

    def limits(self) -> Limits:
        """Return the limits as the model has them, with times in milliseconds."""
        values = {field.name: getattr(self, field.name) for field in fields(Limits)}
        for name in ("expire_after_max", "expire_after_default"):
            values[name] = int(values[name] * 1000)
        return Limits(**values)
