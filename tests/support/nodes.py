"""Runs a whole node in the test's process: on a real socket and file, and with a held clock if wanted."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from tests.support import doors, tokens
from tests.support.transports import MAKE_SERVER
from unisono.client import ConnectionOptions, bearer
from unisono.server.api.audit import Audit
from unisono.server.api.call_log import CallLog
from unisono.server.api.convert import encoding
from unisono.server.api.tls import Certificate
from unisono.server.api.transport import MakeServer, Transport
from unisono.server.app.node import Node
from unisono.server.bus.base import Bus
from unisono.server.bus.local import LocalBus
from unisono.server.clock import Clock, RandomIds, SystemClock
from unisono.server.core.access.hooks import HookBook
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.core.feeds import SessionRules
from unisono.server.core.sweeper import SweepRules
from unisono.server.model import Limits
from unisono.server.store.base import Store
from unisono.server.store.sqlite import SqliteStore
from unisono.v1.endpoint_service_pb2_grpc import EndpointServiceStub
from unisono.v1.feed_service_pb2_grpc import FeedServiceStub
from unisono.v1.notification_service_pb2_grpc import NotificationServiceStub
from unisono.v1.server_service_pb2_grpc import ServerServiceStub

if TYPE_CHECKING:
    from unisono.v1.endpoint_service_pb2_grpc import EndpointServiceAsyncStub
    from unisono.v1.feed_service_pb2_grpc import FeedServiceAsyncStub
    from unisono.v1.notification_service_pb2_grpc import NotificationServiceAsyncStub
    from unisono.v1.server_service_pb2_grpc import ServerServiceAsyncStub

Metadata = tuple[tuple[str, str], ...]

TRANSPORT = Transport(
    keepalive_time=60,
    ping_timeout=20,
    connection_age=3600,
    connection_age_grace=1260,
    max_request_bytes=Limits().request_bytes,
    max_token_bytes=Limits().access_token_bytes,
    max_health_watches=2,
    streams_per_connection=1000,
    connection_idle=120,
    request_timeout=120,
    refusal_delay=0.02,
)


@dataclass(kw_only=True)
class Setup:
    """The parts and settings of a node that a test may choose; the others are as in production."""

    path: Path
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)
    transport: Transport = TRANSPORT
    make_server: MakeServer = MAKE_SERVER
    session_rules: SessionRules = field(default_factory=SessionRules)
    sweep_rules: SweepRules = field(default_factory=SweepRules)
    bus: Bus | None = None
    store: Store | None = None
    certificate: Certificate | None = None
    commit_queue: int = 10_000
    commit_batch: int = 1000
    verifier: TokenVerifier | None = None
    audit: Audit | None = None
    call_log: CallLog | None = None
    hooks: HookBook | None = None
    origins: Mapping[str, Collection[str]] = field(default_factory=dict)
    connection: ConnectionOptions = field(default_factory=ConnectionOptions)

    def node(self) -> Node:
        return Node(
            store=self.store or SqliteStore(self.path, ids=RandomIds(), encode=encoding.encode_row),
            bus=self.bus or LocalBus(),
            clock=self.clock,
            ids=RandomIds(),
            verifier=self.verifier or TokenVerifier(tokens.issuers(), tokens.apps(), self.clock),
            limits=self.limits,
            transport=replace(self.transport, origins=frozenset(chain.from_iterable(self.origins.values()))),
            make_server=self.make_server,
            session_rules=self.session_rules,
            sweep_rules=self.sweep_rules,
            commit_queue=self.commit_queue,
            commit_batch=self.commit_batch,
            audit=self.audit,
            call_log=self.call_log,
            hooks=self.hooks,
            origins=self.origins,
        )


class Client:
    """The stubs of one caller; `metadata` has its token, where it has one."""

    def __init__(self, channel: grpc.aio.Channel, token: str | None) -> None:
        self.channel = channel
        self.metadata: Metadata = () if token is None else bearer(token)
        self.notifications: NotificationServiceAsyncStub = NotificationServiceStub(channel)
        self.feeds: FeedServiceAsyncStub = FeedServiceStub(channel)
        self.endpoints: EndpointServiceAsyncStub = EndpointServiceStub(channel)
        self.server: ServerServiceAsyncStub = ServerServiceStub(channel)


class Running:
    """A node that serves, and its clients. `target` is HOST:PORT."""

    def __init__(self, node: Node, port: int, setup: Setup) -> None:
        self.node = node
        self.target = f"127.0.0.1:{port}"
        self.setup = setup
        self.channel = doors.channel(self.target, **setup.connection)

    def client(self, token: str) -> Client:
        return Client(self.channel, token)

    @property
    def publisher(self) -> Client:
        """Return a client with the token of the app mail.test."""
        return self.client(tokens.publisher())

    def user(self, user_id: str = "ada") -> Client:
        """Return a client with the token of a user of mail.test."""
        return self.client(tokens.device(user_id))


@asynccontextmanager
async def running(setup: Setup) -> AsyncIterator[Running]:
    """Run a node inside the context; streams that are open in the end are not waited for."""
    node = setup.node()
    serving = Running(node, await node.start("127.0.0.1:0", setup.certificate), setup)
    try:
        yield serving
    finally:
        await serving.channel.close()
        await node.stop(grace=0)
