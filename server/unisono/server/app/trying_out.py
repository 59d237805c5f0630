"""What a server with the development key shows a browser: a page, and tokens for it."""

from typing import Final

from unisono.server.api.transport import TryingOut
from unisono.server.app import dev_key
from unisono.server.clock import Clock
from unisono.server.config import Settings
from unisono.server.config.address import Address
from unisono.server.core.access.apps import Apps
from unisono.server.core.access.principal import Scope

USER: Final = "ada"
"""Whose devices the page shows: the user of all examples."""

TOKEN_SECONDS: Final = 15 * 60
"""How long a token of the page is good; it then loads itself anew, and gets another."""


def trying_out(settings: Settings, apps: Apps, clock: Clock) -> TryingOut | None:
    """Return what the server shows; None without the development key, or without a door for browsers.

    Raises `AccessMisconfigured` as `dev_key.secret` does.
    """
    demo = apps.get(dev_key.DEMO.app_id) if _shows_a_page(settings) else None
    if demo is None:
        return None
    key, client_id = dev_key.secret(settings.store_file), demo.clients[0]

    def token() -> str:
        return dev_key.token(
            key,
            client_id=client_id,
            user_id=USER,
            scopes=(Scope.READWRITE, Scope.SEND),
            now=clock.now(),
            ttl=TOKEN_SECONDS,
        )

    return TryingOut(host=Address.parse(settings.listen).host, user=USER, token=token)


def page_address(settings: Settings, port: int) -> str:
    """Return where a browser on this machine finds the page; empty where there is none."""
    address = Address.parse(settings.listen)
    if address.path or not _shows_a_page(settings):
        return ""
    place = address.at(port) if address.is_loopback else f"localhost:{port}"
    return f"{'http' if settings.tls_certificate is None else 'https'}://{place}/"


def _shows_a_page(settings: Settings) -> bool:
    return settings.dev and settings.web != "off" and settings.chosen_transport == "http"
