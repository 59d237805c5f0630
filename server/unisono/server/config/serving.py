"""Settings of serving: where to listen, how to encrypt, what to log."""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationInfo, field_validator

from unisono.server.config.address import UNIX, Address
from unisono.server.config.setting import ADDRESS, FILE, ITEMS, SECONDS, SWITCH, WORD, setting


class ServingSettings(BaseModel):
    """Settings of the port and the process behind it."""

    listen: str = setting(
        "127.0.0.1:50051",
        ADDRESS,
        "address to listen on; port 0 takes a free one; with transport http also unix:PATH",
    )
    transport: Literal["auto", "grpcio", "http"] = setting(
        "auto",
        WORD,
        "what serves: grpcio's server, or ours: http; auto is http with --dev, unix:, hooks or for the web",
    )
    web: Literal["auto", "on", "off"] = setting(
        "auto",
        WORD,
        "Connect, gRPC-Web and JSON on the same port, for browsers and curl; auto is on where http serves",
    )
    event_loop: Literal["auto", "uvloop", "asyncio"] = setting(
        "auto", WORD, "what waits for sockets: uvloop, or Python's own; auto is uvloop where it is installed"
    )
    tls_certificate: Path | None = setting(None, FILE, "PEM certificate chain; with tls_key, turns TLS on")
    tls_key: Path | None = setting(None, FILE, "PEM private key of tls_certificate")
    tls_client_ca: Path | None = setting(
        None,
        FILE,
        "PEM certificates of whom clients may show certificates of; turns asking for them on; transport http",
    )
    tls_handshakes: int = setting(
        2000,
        ITEMS,
        "handshakes of TLS at a time; beyond, clients wait for theirs; transport http",
        ge=1,
        le=100_000,
    )
    behind_tls_proxy: bool = setting(
        False, SWITCH, "a proxy ends TLS, and it alone reaches the address: do not warn that there is no TLS"
    )
    keepalive_time: float = setting(
        60, SECONDS, "how long a connection may be silent before it is probed with a ping", ge=1, le=3600
    )
    ping_timeout: float = setting(
        20, SECONDS, "how long a ping may go unanswered before the connection is dropped", ge=1, le=600
    )
    stalled_write_timeout: float = setting(
        60,
        SECONDS,
        "how long a client may take nothing of what waits for it before it is dropped; transport http",
        ge=1,
        le=3600,
    )
    health_watches: int = setting(
        100, ITEMS, "open Watch streams of the health service, which need no token", ge=0, le=100_000
    )
    metrics_listen: str = setting(
        "", ADDRESS, "address of its own to serve metrics on, in the format of Prometheus; empty serves none"
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info", WORD, "the least severe entries to log: debug, info, warning or error"
    )
    log_calls: Literal["off", "sampled", "all"] = setting(
        "off",
        WORD,
        "log how calls and streams ended: off, all, or sampled: 20 of each method and code in each second",
    )
    audit_log: Path | None = setting(
        None, FILE, "where it is recorded who did what to another's feed or endpoint, and who was refused"
    )
    audit_reads: bool = setting(
        False, SWITCH, "record in audit_log, too, which app read a user's notifications and endpoints"
    )
    log_format: Literal["auto", "console", "json"] = setting(
        "auto", WORD, "console for people, json for programs; auto is console on a terminal"
    )

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _is_an_address(cls, listen: str, info: ValidationInfo) -> str:
        if info.field_name == "metrics_listen" and listen.startswith(UNIX):
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:9464")
        if listen or info.field_name == "listen":
            Address.parse(listen)
        return listen

    @field_validator("transport")
    @classmethod
    def _can_listen(cls, transport: str, info: ValidationInfo) -> str:
        if transport == "grpcio" and info.data.get("listen", "").startswith(UNIX):
            raise ValueError('must be "http" or "auto" where listen is unix:PATH')
        return transport

    @field_validator("web")
    @classmethod
    def _is_served(cls, web: str, info: ValidationInfo) -> str:
        if web == "on" and info.data.get("transport") == "grpcio":
            raise ValueError('"on" needs transport = "http": grpcio speaks gRPC alone')
        return web

    @field_validator("event_loop")
    @classmethod
    def _is_installed(cls, event_loop: str) -> str:
        if event_loop == "uvloop" and find_spec("uvloop") is None:
            raise ValueError('is not installed here: install the package uvloop, or take "auto" or "asyncio"')
        return event_loop

    @field_validator("tls_key")
    @classmethod
    def _has_its_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if "tls_certificate" in info.data and (key is None) != (info.data["tls_certificate"] is None):
            raise ValueError("tls_certificate and tls_key go together: give both or neither")
        return key

    @field_validator("tls_client_ca")
    @classmethod
    def _has_a_certificate(cls, authorities: Path | None, info: ValidationInfo) -> Path | None:
        if authorities is not None and info.data.get("tls_certificate", authorities) is None:
            raise ValueError("needs tls_certificate and tls_key: certificates are shown in TLS alone")
        return authorities
