"""Says from which URLs keys may be fetched."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

WELL_KNOWN: Final = "/.well-known/openid-configuration"


def discovery_url(issuer: str) -> str:
    """Return where an issuer publishes its discovery document, unless it says otherwise.

    See OpenID Connect Discovery 1.0, section 4.
    """
    return issuer.removesuffix("/") + WELL_KNOWN


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine, by its name or address alone."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_allowed(url: str, *, loopback: bool) -> bool:
    """Return whether keys may come from this URL: https, or http from this machine where that is allowed."""
    scheme = urlsplit(url).scheme
    return scheme == "https" or (scheme == "http" and loopback and is_loopback(url))
