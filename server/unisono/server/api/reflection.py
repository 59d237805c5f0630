"""Server reflection, for any good token, under both of its names.

The library speaks v1alpha only; v1 has the same messages. v1 is served but not listed: clients that
find it in the list ask for its descriptor, which the library does not have.
"""

from collections.abc import AsyncIterator, Collection
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha import reflection_pb2 as pb

from unisono.server.api.gate import Entry
from unisono.server.api.pipeline import Context, Guard, Handlers, Pipeline, parsed

V1ALPHA = "grpc.reflection.v1alpha.ServerReflection"
SERVICES = (V1ALPHA, "grpc.reflection.v1.ServerReflection")


class Reflection:
    """Answers about these services."""

    def __init__(self, pipeline: Pipeline, services: Collection[str]) -> None:
        self._pipeline = pipeline
        self._servicer = reflection.aio.ReflectionServicer((*services, V1ALPHA))

    def handlers(self) -> Handlers:
        """The gRPC handlers, by method."""
        return {"ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(self._info)}

    async def _info(self, bodies: AsyncIterator[bytes], context: Context) -> None:
        entry = Entry.of(context.invocation_metadata() or ())
        async with Guard(context, entry.request_id):
            self._pipeline.authenticated(entry)
            answers: Any = self._servicer.ServerReflectionInfo(_requests(bodies), context)
            async for answer in answers:
                await context.write(answer.SerializeToString())


async def _requests(bodies: AsyncIterator[bytes]) -> AsyncIterator[pb.ServerReflectionRequest]:
    async for body in bodies:
        yield parsed(pb.ServerReflectionRequest, body)
