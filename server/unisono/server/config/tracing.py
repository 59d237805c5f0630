"""Settings of traces: where to send them, and of how many calls."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from pydantic import BaseModel, field_validator

from unisono.server.config.setting import SHARE, URL, setting


class TracingSettings(BaseModel):
    """Settings of traces, which need an extra of the distribution."""

    traces_endpoint: str = setting(
        "", URL, "the collector that traces of calls are sent to, by OTLP over gRPC; empty sends none"
    )
    traces_ratio: float = setting(
        0.01, SHARE, "the share of calls that are traced, of those whose caller does not say", ge=0, le=1
    )

    @field_validator("traces_endpoint")
    @classmethod
    def _can_be_reached(cls, endpoint: str) -> str:
        if not endpoint:
            return endpoint
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError('must be like "http://127.0.0.1:4317" or "https://collector.example.com:4317"')
        if not _is_installed("opentelemetry.exporter.otlp.proto.grpc"):
            raise ValueError("needs what is not installed here: install unisono-server[otel]")
        return endpoint


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
