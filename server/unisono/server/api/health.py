"""The service `grpc.health.v1.Health` (gRPC Health Checking Protocol): the only methods without a token.

Not the library's: its Watch has no limit on open watches, and delays the stop of a server.
"""

from collections.abc import Collection
from typing import Final, NoReturn

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2 as pb

from unisono.server.api.call import Call, Rpcs
from unisono.server.api.pipeline import Pipeline
from unisono.server.api.reading import read
from unisono.server.api.watches import Watch, Watches
from unisono.server.errors import RequestTooLarge

SERVICE = "grpc.health.v1.Health"

REQUEST_TIMEOUT: Final = 20.0
"""Seconds within which the request, which is only a name, has to arrive."""


class Health:
    """Answers Check and Watch with one status for the server (the name "") and for each of its services:
    SERVING, but not while the store is away, nor once the server is about to stop.

    At most `max_watches` watches are open at a time, each for at most `watch_age` seconds. Then the watch
    ends with UNAVAILABLE, and its client comes back, perhaps over another connection.
    """

    def __init__(
        self, services: Collection[str], pipeline: Pipeline, *, max_watches: int, watch_age: float
    ) -> None:
        self._names = frozenset(("", *services))
        self._pipeline = pipeline
        self._clock = pipeline.clock
        self._watches = Watches(max_watches)
        self._watch_age = watch_age
        self._stopped = False
        self._about_to_stop = False
        self._store_is_away = False

    def rpcs(self) -> Rpcs:
        """Return the handlers by method name."""
        return {
            "Check": self._pipeline.anonymous(f"{SERVICE}/Check", self._check),
            "Watch": self._pipeline.anonymous(f"{SERVICE}/Watch", self._watch, streaming=True),
        }

    @property
    def is_serving(self) -> bool:
        """Whether the status is SERVING."""
        return not (self._stopped or self._about_to_stop or self._store_is_away)

    def tell_store_is_away(self, away: bool) -> None:
        """Answer NOT_SERVING while the store is away, also to the watches that are open."""
        self._store_is_away = away
        self._watches.wake_all()

    def announce_stop(self) -> None:
        """Answer NOT_SERVING from now on, also to the watches that are open."""
        self._about_to_stop = True
        self._watches.wake_all()

    def stop(self) -> None:
        """Answer NOT_SERVING from now on, and end all watches with that as their last message."""
        self._stopped = True
        self._watches.end_all()

    async def _check(self, call: Call) -> bytes:
        service = await self._service(call)
        if service not in self._names:
            await call.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return self._status(service)

    async def _watch(self, call: Call) -> None:
        service = await self._service(call)
        watch = self._watches.open(call.peer())
        if watch is None:
            text = f"{self._watches.per_connection} watches are open on the connection, which is the limit"
            await call.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        try:
            await self._tell(call, service, watch)
        finally:
            self._watches.close(watch)

    async def _tell(self, call: Call, service: str, watch: Watch) -> None:
        """Tell the status and each change of it, until the server stops, or the watch has to give way."""
        until, told = self._clock.monotonic() + self._watch_age, b""
        while True:
            watch.news.clear()
            # As it is before the write: what comes meanwhile is told in another round.
            stopped, is_over, status = self._stopped, watch.is_over, self._status(service)
            if status != told:
                await call.write(status)
                told = status
            left = until - self._clock.monotonic()
            if stopped:
                return
            if is_over or left <= 0:
                await _give_way(call)
            await self._clock.wait(watch.news, left)

    def _status(self, service: str) -> bytes:
        return self._response(service).SerializeToString()

    def _response(self, service: str) -> pb.HealthCheckResponse:
        if service not in self._names:
            return pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVICE_UNKNOWN)
        if not self.is_serving:
            return pb.HealthCheckResponse(status=pb.HealthCheckResponse.NOT_SERVING)
        return pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVING)

    async def _service(self, call: Call) -> str:
        """Read the name of the service. Parsed here: gRPC would answer with its parser's exception."""
        try:
            body = await read(call, self._clock, REQUEST_TIMEOUT)
            return pb.HealthCheckRequest.FromString(body or b"").service
        except TimeoutError:
            text = f"the request did not arrive within {REQUEST_TIMEOUT:g} s"
            await call.abort(grpc.StatusCode.DEADLINE_EXCEEDED, text)
        except RequestTooLarge as error:
            await call.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, error.message)
        except DecodeError:
            text = "the request body is not a grpc.health.v1.HealthCheckRequest"
            await call.abort(grpc.StatusCode.INVALID_ARGUMENT, text)


async def _give_way(call: Call) -> NoReturn:
    text = "the watch was open for long enough, or for longest of too many; come back"
    await call.abort(grpc.StatusCode.UNAVAILABLE, text)
