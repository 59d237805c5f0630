"""The composition root: puts the parts of a node together, and starts and stops them in order."""

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence

import structlog

from unisono.server.api.audit import Audit
from unisono.server.api.call_log import CallLog
from unisono.server.api.call_traces import CallTraces
from unisono.server.api.convert import subscribe_response
from unisono.server.api.hooks.handling import HookHandler
from unisono.server.api.methods import Methods
from unisono.server.api.node_stats import NodeStats
from unisono.server.api.pipeline import Pipeline
from unisono.server.api.services.admin import AdminService
from unisono.server.api.services.endpoints import EndpointService
from unisono.server.api.services.feeds import FeedService
from unisono.server.api.services.notifications import NotificationService
from unisono.server.api.services.server_info import ServerService
from unisono.server.api.tls import Certificate
from unisono.server.api.transport import MakeServer, Transport
from unisono.server.app.metrics.node_metrics import Commits, NodeMetrics, Refusals
from unisono.server.app.user_prefixes import check_user_prefixes
from unisono.server.bus.base import Bus
from unisono.server.clock import Clock, Ids
from unisono.server.core.access.hooks import HookBook
from unisono.server.core.access.origins import AppOrigins
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.core.bars import Bars
from unisono.server.core.deleting import Deleting
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.eraser import Eraser
from unisono.server.core.explaining import Explaining
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.core.feeds import Feeds, SessionRules
from unisono.server.core.hub import Hub, Subscriber
from unisono.server.core.marking import Marking
from unisono.server.core.notifications import Notifications
from unisono.server.core.presence import Presence
from unisono.server.core.stepping import Stepping
from unisono.server.core.store_watch import StoreWatch
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.core.sweeper import Sweeper, SweepRules
from unisono.server.core.turns import Turns
from unisono.server.keys.base import KeySource
from unisono.server.model import Limits
from unisono.server.store.base import Store

log = structlog.get_logger(__name__)

#: Streams that end at once while draining, and the pause before the next ones, in seconds. Spread, so that
#: their devices do not all reach another node at the same time.
DRAIN_BATCH = 200
DRAIN_PAUSE = 0.02

#: Devices come back after a random part of this, in seconds.
DRAIN_RETRY = 5.0


class Node:
    """One server process, to be started and stopped once.

    `key_sources` are those of the keys that the verifier uses. `commit_queue` bounds how many items may wait
    for a commit, `commit_batch` how many share one. `audit` has what is recorded for an audit, `traces`
    traces calls, and `call_log` logs how they ended; None does not. `origins` are those of each app's
    pages, `hooks` are who may send without a token.
    """

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        verifier: TokenVerifier,
        limits: Limits,
        transport: Transport,
        make_server: MakeServer,
        session_rules: SessionRules,
        sweep_rules: SweepRules,
        commit_queue: int,
        commit_batch: int,
        key_sources: Sequence[KeySource] = (),
        user_prefixes: Mapping[str, Collection[str]] | None = None,
        audit: Audit | None = None,
        traces: CallTraces | None = None,
        call_log: CallLog | None = None,
        origins: Mapping[str, Collection[str]] | None = None,
        hooks: HookBook | None = None,
    ) -> None:
        self._store = store
        self._key_sources = key_sources
        self._user_prefixes = user_prefixes or {}
        self._bus = bus
        streams = StreamMetrics()
        self._hub = Hub(
            subscribe_response.encode_change, clock, streams, streams_per_user=limits.streams_per_user
        )
        bus.listen(self._hub.on_hint)
        self._presence = Presence(store)
        self._bars = Bars(store, clock, per_app=limits.barred_users_per_app)
        self._commits = FeedCommitter(
            store,
            bus,
            self._presence,
            self._bars,
            clock,
            limits,
            batch=commit_batch,
            capacity=commit_queue,
        )
        self._endpoints = Endpoints(
            store, bus, self._presence, self._bars, clock, limits, batch=commit_batch, capacity=commit_queue
        )
        self._sweeper = Sweeper(self._commits, self._endpoints, store, self._presence, clock, sweep_rules)
        turns = Turns(clock)
        notifications = Notifications(
            commits=self._commits,
            turns=turns,
            store=store,
            endpoints=self._endpoints,
            clock=clock,
            ids=ids,
            limits=limits,
        )
        feeds = Feeds(
            store=store,
            hub=self._hub,
            endpoints=self._endpoints,
            presence=self._presence,
            clock=clock,
            ids=ids,
            encode=subscribe_response.encode_catch_up_event,
            rules=session_rules,
            metrics=streams,
        )
        bus.listen(feeds.on_hint)
        self._eraser = Eraser(store, bus, self._bars, clock)
        stepping = Stepping(self._commits, self._endpoints)
        sending = NotificationService(notifications, Marking(stepping), Deleting(stepping), turns)
        pipeline = Pipeline(
            verifier,
            self._bars,
            clock,
            limits,
            request_timeout=transport.request_timeout,
            refusal_delay=transport.refusal_delay,
            audit=audit,
            traces=traces,
            call_log=call_log,
            origins=AppOrigins(origins or {}),
        )
        stats = NodeStats(
            store=store,
            clock=clock,
            calls=pipeline.metrics,
            open_streams=lambda: self._hub.subscriber_count,
            commits={
                "feeds": (self._commits.metrics, self._commits.committer.places),
                "endpoints": (self._endpoints.metrics, self._endpoints.committer.places),
            },
        )
        services = (
            sending,
            FeedService(feeds, self._eraser),
            EndpointService(self._endpoints),
            ServerService(),
            AdminService(Explaining(store, self._hub, self._presence, self._bars), stats, turns),
        )
        hook_handler = HookHandler(
            hooks or HookBook(), pipeline, sending, turns, request_timeout=transport.request_timeout
        )
        methods = Methods(
            services,
            pipeline,
            hook=hook_handler.rpc,
            max_health_watches=transport.max_health_watches,
            stream_age=transport.stream_age,
        )
        self._methods = methods
        self._server = make_server(methods, transport)
        self._store_watch = StoreWatch(store, clock, methods.tell_store_is_away)
        self.metrics = NodeMetrics(
            calls=pipeline.metrics,
            refusals=Refusals(
                calls=pipeline.refusals,
                batch_items=sending.refused_items,
                limited=pipeline.limited,
                held=lambda: pipeline.held,
                signatures=verifier.budget,
            ),
            connections=self._server.connections,
            streams=streams,
            commits={
                "feeds": Commits(metrics=self._commits.metrics, places=self._commits.committer.places),
                "endpoints": Commits(
                    metrics=self._endpoints.metrics, places=self._endpoints.committer.places
                ),
            },
            turn_wait_seconds=turns.wait_seconds,
            sweeper=self._sweeper,
            erasing=lambda: self._eraser.pending,
            store_is_away=lambda: self._store_watch.is_away,
        )

    async def start(self, address: str, certificate: Certificate | None = None) -> int:
        """Open the store and the bus, listen on `address` (HOST:PORT), and return the port.

        Port 0 takes a free one; without a certificate there is no TLS. Raises `StoreError` or `ListenError`,
        with everything closed again.
        """
        try:
            await self._store.open()
            await check_user_prefixes(self._store, self._user_prefixes)
            await self._bus.open()
            await self._bars.load()
            for source in self._key_sources:
                await source.start()
            self._commits.committer.start()
            self._endpoints.committer.start()
            self._sweeper.start()
            self._store_watch.start()
            await self._eraser.start()
            return await self._server.start(address, certificate)
        except BaseException:
            await self._close()
            raise

    def reload(self) -> None:
        """Read the keys of issuers again, wherever they are."""
        for source in self._key_sources:
            source.reload()

    def announce_stop(self) -> None:
        """Be NOT_SERVING from now on, so that who asks sends nobody here any more; everything is served."""
        self._methods.announce_stop()

    async def stop(self, grace: float) -> None:
        """Drain: refuse new calls, end every stream with a Goodbye, let other calls finish, then close.

        Calls that have not ended after `grace` seconds are cut, but what waits for a commit is committed (the
        promise Drained).
        """
        stopping = self._server.stop(grace)
        subscribers = self._hub.drain()
        log.info("draining", streams=self._hub.subscriber_count)
        await asyncio.gather(stopping, _end_streams(subscribers), self._eraser.close())
        await self._close()
        log.info("stopped")

    async def _close(self) -> None:
        await self._store_watch.close()
        await self._sweeper.close()
        await self._eraser.close()
        await self._commits.committer.close()
        await self._endpoints.committer.close()
        await self._presence.flush()
        for source in self._key_sources:
            await source.close()
        await self._bus.close()
        await self._store.close()


async def _end_streams(subscribers: list[Subscriber]) -> None:
    for start in range(0, len(subscribers), DRAIN_BATCH):
        for subscriber in subscribers[start : start + DRAIN_BATCH]:
            subscriber.drain_delay = random.uniform(0, DRAIN_RETRY)  # noqa: S311
            subscriber.wake.set()
        await asyncio.sleep(DRAIN_PAUSE)
