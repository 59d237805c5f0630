"""Settings of proxies: which ones say who their clients are, and how."""

import re
from ipaddress import ip_network
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ValidationInfo, field_validator

from unisono.server.config.setting import NETWORKS, SWITCH, WORD, setting

UNIX: Final = "unix"
"""Stands for whoever connects by a socket of unix, whose file says who may."""

MOST_NETWORKS: Final = 100
"""Each is looked at with each connection."""


_NAME: Final = re.compile("[a-z0-9-]{1,64}")


def _split(value: object) -> object:
    """Take a text for a list with commas: flags and variables are texts."""
    return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value


Networks = Annotated[tuple[str, ...], BeforeValidator(_split)]


class ProxySettings(BaseModel):
    """Settings of proxies. Only our own transport can hear what they say."""

    trusted_proxies: Networks = setting(
        (),
        NETWORKS,
        "the proxies that say who their clients are, such as 10.0.0.0/8, ::1 or unix; transport http",
    )
    proxy_protocol: bool = setting(
        False, SWITCH, "each connection of a trusted proxy begins with a header of the PROXY protocol"
    )
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = setting(
        "x-forwarded-for",
        WORD,
        "the header in which trusted proxies add the client's address otherwise: that one, or forwarded",
    )

    client_certificate_header: str = setting(
        "", WORD, "the header in which trusted proxies pass on the certificate that a client has shown them"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if len(networks) > MOST_NETWORKS:
            raise ValueError(f"must be at most {MOST_NETWORKS} networks")
        for network in networks:
            _check(network)
        if networks and not _is_heard(info):
            raise ValueError('needs transport = "http": the other one sees the proxies alone')
        return networks

    @field_validator("proxy_protocol")
    @classmethod
    def _has_proxies(cls, proxy_protocol: bool, info: ValidationInfo) -> bool:
        if proxy_protocol and info.data.get("trusted_proxies") == ():
            raise ValueError("needs trusted_proxies: from nobody else is its header taken")
        return proxy_protocol

    @field_validator("client_certificate_header")
    @classmethod
    def _is_of_proxies(cls, header: str, info: ValidationInfo) -> str:
        if header and not _NAME.fullmatch(header):
            raise ValueError("must be the name of a header in small letters, such as client-cert")
        if header and info.data.get("trusted_proxies") == ():
            raise ValueError("needs trusted_proxies: from nobody else is it taken")
        if header and info.data.get("proxy_protocol"):
            raise ValueError(
                "is not for proxy_protocol, where clients show theirs to the server: tls_client_ca"
            )
        return header


def _check(network: str) -> None:
    try:
        if network != UNIX:
            ip_network(network)
    except ValueError as error:
        raise ValueError(f"{error}; write networks such as 10.0.0.0/8 or ::1, or {UNIX}") from error


def _is_heard(info: ValidationInfo) -> bool:
    """Return whether our own transport serves; true where the settings that say so are wrong themselves."""
    transport = info.data.get("transport", "http")
    at_socket = str(info.data.get("listen", "")).startswith("unix:")
    for_web = info.data.get("web") == "on" or any(app.origins for app in info.data.get("apps", ()))
    chosen = at_socket or for_web or bool(info.data.get("dev", True))
    return transport == "http" or (transport == "auto" and chosen)
