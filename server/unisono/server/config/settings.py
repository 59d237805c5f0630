"""All settings together. `load` finds their values."""

from typing import Literal

from pydantic import ConfigDict

from unisono.server.config.access import AccessSettings
from unisono.server.config.address import UNIX
from unisono.server.config.connections import ConnectionSettings
from unisono.server.config.limits import LimitSettings
from unisono.server.config.proxies import ProxySettings
from unisono.server.config.serving import ServingSettings
from unisono.server.config.store import StoreSettings
from unisono.server.config.streams import StreamSettings
from unisono.server.config.tracing import TracingSettings


class Settings(
    LimitSettings,
    StreamSettings,
    StoreSettings,
    ProxySettings,
    AccessSettings,
    ConnectionSettings,
    ServingSettings,
    TracingSettings,
):
    """All settings of the server. Times are in seconds unless the name has another unit."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)

    @property
    def asks_for_certificates(self) -> bool:
        """Whether clients may show certificates, here or to a trusted proxy."""
        return self.tls_client_ca is not None or self.client_certificate_header != ""

    @property
    def chosen_transport(self) -> Literal["grpcio", "http"]:
        """What serves: with "auto" ours where things are tried out, at a unix socket, for web and hooks."""
        if self.transport != "auto":
            return self.transport
        for_web = self.web == "on" or any(app.origins for app in self.apps)
        return "http" if self.dev or for_web or self.hooks or self.listen.startswith(UNIX) else "grpcio"
