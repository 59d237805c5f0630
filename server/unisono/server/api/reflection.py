"""gRPC Server Reflection, for callers with any valid token, as v1alpha and as v1.

The library has v1alpha only, whose messages v1 shares. v1 is served but not listed: clients that find it in
the list ask for its descriptor, which the library does not have.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from typing import Any

from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha import reflection_pb2 as pb

from unisono.server.api.auth import CallMetadata
from unisono.server.api.call import Call, Rpc, Rpcs
from unisono.server.api.decoding import parsed
from unisono.server.api.descriptors import Descriptors
from unisono.server.api.pipeline import Pipeline
from unisono.server.api.reading import read
from unisono.server.api.status import goodbye_error
from unisono.server.core.admission import CallKind
from unisono.server.core.stream_messages import GoodbyeReason

V1ALPHA = "grpc.reflection.v1alpha.ServerReflection"
SERVICES = (V1ALPHA, "grpc.reflection.v1.ServerReflection")


class Reflection:
    """Describes the given services to clients.

    A stream ends after `stream_age` seconds (SESSION_AGE), or when its token expires (TOKEN_EXPIRED).
    """

    def __init__(self, pipeline: Pipeline, services: Collection[str], *, stream_age: float) -> None:
        self._pipeline = pipeline
        self._clock = pipeline.clock
        self._metrics = pipeline.metrics.method(f"{V1ALPHA}/ServerReflectionInfo", streaming=True)
        self._stream_age = stream_age
        self._servicer = reflection.aio.ReflectionServicer((*services, V1ALPHA), Descriptors())

    def rpcs(self) -> Rpcs:
        """Return the handlers by method name."""
        return {"ServerReflectionInfo": Rpc(self._info, streaming=True)}

    async def _info(self, call: Call) -> None:
        metadata = CallMetadata.of(call.metadata)
        async with (boundary := self._pipeline.error_boundary(call, self._metrics, metadata)):
            expire_time = self._pipeline.admit(call, boundary, metadata, CallKind.CALL).expire_time
            requests = self._requests(call, expire_time)
            answers: Any = self._servicer.ServerReflectionInfo(requests, None)
            async for answer in answers:
                await call.write(answer.SerializeToString())

    async def _requests(self, call: Call, expire_time: int) -> AsyncIterator[pb.ServerReflectionRequest]:
        """Yield requests until the client sends no more; raise the error to end with when time is over."""
        ends_at = self._clock.monotonic() + self._stream_age
        with suppress(TimeoutError):
            # Checked before each read: a client that never pauses has each request in time.
            while (left := self._left(ends_at, expire_time)) > 0:
                body = await read(call, self._clock, left)
                if body is None:
                    return
                yield parsed(pb.ServerReflectionRequest, body)
        expired = self._clock.now() >= expire_time
        raise goodbye_error(GoodbyeReason.TOKEN_EXPIRED if expired else GoodbyeReason.SESSION_AGE, None)

    def _left(self, ends_at: float, expire_time: int) -> float:
        """Return how many seconds the stream may go on."""
        return min(ends_at - self._clock.monotonic(), (expire_time - self._clock.now()) / 1000)
