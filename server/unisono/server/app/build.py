"""Builds a node from the settings: says which setting goes to which part."""

from itertools import chain
from typing import NamedTuple

from unisono.server.api.audit import Audit
from unisono.server.api.call_log import CallLog
from unisono.server.api.call_traces import CallTraces
from unisono.server.api.convert import encoding
from unisono.server.api.tls import Certificate, CertificateError
from unisono.server.api.transport import MakeServer, Transport
from unisono.server.app.audit_file import AuditFile
from unisono.server.app.hook_book import hooks_of
from unisono.server.app.node import Node
from unisono.server.app.trust import Trust, trust
from unisono.server.app.trying_out import trying_out
from unisono.server.bus.local import LocalBus
from unisono.server.clock import Clock, RandomIds, SystemClock
from unisono.server.config import Settings
from unisono.server.config.secret_files import accessible_to_all_users, exposed
from unisono.server.core.access.hooks import HookBook
from unisono.server.core.feeds import SessionRules
from unisono.server.core.sweeper import SweepRules
from unisono.server.store.sqlite import SqliteStore


class Built(NamedTuple):
    """A node, and those of its parts that have something to tell besides."""

    node: Node
    store: SqliteStore
    trusted: Trust
    hooks: HookBook


def build(
    settings: Settings, audit_file: AuditFile | None, fitting: int, traces: CallTraces | None = None
) -> Built:
    """Return a node that is not started. Raises `AccessMisconfigured` as `trust` and `hooks_of` do.

    `fitting` is for how many connections there are files.
    """
    clock, ids = SystemClock(), RandomIds()
    trusted = trust(settings, clock, with_admin_key=True)
    hooks = HookBook(hooks_of(settings, trusted.apps.ids, transport=settings.chosen_transport))
    store = SqliteStore(
        settings.store_file, ids=ids, encode=encoding.encode_row, with_feed=encoding.with_feed
    )
    node = Node(
        store=store,
        bus=LocalBus(),
        clock=clock,
        ids=ids,
        verifier=trusted.verifier,
        key_sources=trusted.key_sources,
        user_prefixes=trusted.user_prefixes,
        limits=settings.limits(),
        transport=_transport(settings, fitting, trusted, clock),
        make_server=_make_server(settings),
        session_rules=_session_rules(settings),
        sweep_rules=_sweep_rules(settings),
        commit_queue=settings.commit_queue,
        commit_batch=settings.commit_batch,
        audit=None if audit_file is None else Audit(audit_file.append, clock, reads=settings.audit_reads),
        traces=traces,
        call_log=_call_log(settings, clock),
        origins=trusted.origins,
        hooks=hooks,
    )
    return Built(node, store, trusted, hooks)


def certificate(settings: Settings) -> Certificate | None:
    """Return the certificate to serve with, or None without TLS.

    Raises `CertificateError` when the files are not a certificate and its key, and when clients are to be
    asked for theirs by a transport that could only require one of everybody.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    if settings.tls_client_ca is not None and settings.chosen_transport != "http":
        raise CertificateError(
            'tls_client_ca needs the line transport = "http" beside it: grpcio can ask for certificates of '
            "clients only where all of them have one"
        )
    return Certificate(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)


def _call_log(settings: Settings, clock: Clock) -> CallLog | None:
    return None if settings.log_calls == "off" else CallLog(clock, sampled=settings.log_calls == "sampled")


def check_key_is_private(settings: Settings) -> None:
    """Raise `CertificateError` where every user of the machine may read the key of the certificate."""
    key = settings.tls_key
    if key is not None and accessible_to_all_users(key.stat().st_mode):
        raise CertificateError(exposed(key, "a private key"))


def _make_server(settings: Settings) -> MakeServer:
    """Return what makes the server, and import no other: http takes a tenth of a start."""
    if settings.chosen_transport == "http":
        from unisono.server.api.http_server import HttpServer

        return HttpServer
    from unisono.server.api.grpcio.server import GrpcioServer

    return GrpcioServer


def _transport(settings: Settings, fitting: int, trusted: Trust, clock: Clock) -> Transport:
    return Transport(
        keepalive_time=settings.keepalive_time,
        ping_timeout=settings.ping_timeout,
        connection_age=settings.connection_age,
        connection_age_grace=settings.connection_age_grace,
        max_request_bytes=settings.request_bytes,
        max_token_bytes=settings.access_token_bytes,
        max_health_watches=settings.health_watches,
        stream_age=settings.session_age_max,
        streams_per_connection=settings.streams_per_connection,
        connection_idle=settings.connection_idle,
        request_timeout=settings.request_timeout,
        stalled_write_timeout=settings.stalled_write_timeout,
        tls_handshakes=settings.tls_handshakes,
        connections=min(settings.connections or fitting, fitting),
        connections_per_address=settings.connections_per_address,
        opening_connections_per_address=settings.opening_connections_per_address,
        new_connections_per_address=settings.new_connections_per_address,
        stranger_requests_per_address=settings.stranger_requests_per_address,
        trusted_proxies=settings.trusted_proxies,
        proxy_protocol=settings.proxy_protocol,
        forwarded_header=settings.forwarded_header,
        client_certificate_header=settings.client_certificate_header,
        web=settings.web != "off",
        origins=frozenset(chain.from_iterable(trusted.origins.values())),
        trying_out=trying_out(settings, trusted.apps, clock),
    )


def _session_rules(settings: Settings) -> SessionRules:
    return SessionRules(
        heartbeat_default=settings.heartbeat,
        heartbeat_min=settings.heartbeat_min,
        heartbeat_max=settings.heartbeat_max,
        age_min=settings.session_age_min,
        age_max=settings.session_age_max,
    )


def _sweep_rules(settings: Settings) -> SweepRules:
    return SweepRules(
        interval=settings.sweep_interval,
        tombstone_days=settings.tombstone_days,
        tombstones_per_feed=settings.tombstones_per_feed,
        unseen_endpoint_days=settings.unseen_endpoint_days,
        deleted_endpoint_days=settings.deleted_endpoint_days,
    )
